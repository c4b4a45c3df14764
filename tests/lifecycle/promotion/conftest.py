from promotion_project import offer, registry, run, template

__all__ = ["offer", "registry", "run", "template"]
