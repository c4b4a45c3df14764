import pytest
import torch

from symptomeme.domain.sections.training import AugmentationParams
from symptomeme.learning.augmentation import augment


def amounts(**given: float) -> AugmentationParams:
    return AugmentationParams(**{"shift": 0.0, "scale": 0.0, "mirror": 0.0, "light": 0.0, **given})


@pytest.fixture
def pictures() -> torch.Tensor:
    return torch.randn(4, 3, 16, 16, generator=torch.Generator().manual_seed(0))


def test_no_amounts_change_nothing(pictures: torch.Tensor) -> None:
    torch.testing.assert_close(augment(pictures, amounts()), pictures, atol=1e-5, rtol=0)


def test_a_mirrored_picture_is_mirrored(pictures: torch.Tensor) -> None:
    torch.testing.assert_close(augment(pictures, amounts(mirror=1.0)), pictures.flip(-1), atol=1e-5, rtol=0)


def test_light_keeps_what_stands_where(pictures: torch.Tensor) -> None:
    torch.manual_seed(1)
    relit = augment(pictures, amounts(light=0.2))
    assert not torch.allclose(relit, pictures, atol=1e-2)
    for one, other in zip(pictures, relit, strict=True):
        assert torch.corrcoef(torch.stack([one.flatten(), other.flatten()]))[0, 1] > 0.9999


def test_a_moved_picture_holds_what_it_held(pictures: torch.Tensor) -> None:
    dot = torch.zeros(32, 1, 20, 20)
    dot[:, :, 9:11, 9:11] = 1.0
    torch.manual_seed(2)
    moved = augment(dot, amounts(shift=0.2))
    places = moved.flatten(2).argmax(dim=2).flatten()
    assert len(places.unique()) > 10
    rows, columns = places // 20, places % 20
    assert rows.min() >= 5 and rows.max() <= 14 and columns.min() >= 5 and columns.max() <= 14
    assert (moved.sum(dim=(1, 2, 3)) - 4).abs().max() < 1e-3


def test_the_same_generator_gives_the_same_pictures(pictures: torch.Tensor) -> None:
    options = amounts(shift=0.1, scale=0.2, mirror=0.5, light=0.2)
    torch.manual_seed(3)
    first, other = augment(pictures, options), augment(pictures, options)
    torch.manual_seed(3)
    assert torch.equal(augment(pictures, options), first)
    assert not torch.equal(other, first)
