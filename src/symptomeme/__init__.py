"""symptomeme: reads a meme and says which symptoms of anxiety or depression it expresses.

A research tool. It describes a meme, not a person, and it is no diagnosis.
"""

__version__ = "0.1.0"
