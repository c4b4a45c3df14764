"""Given reasoning for the sample: what a describing model might say of a meme, as far as its words and setting go.

It never names a class or a symbol, so it tells no more than the text does.
"""

from random import Random
from typing import NamedTuple

PLACES = {
    "night": "awake in a dark bedroom",
    "desk": "in front of a screen at work",
    "phone": "with a phone in hand",
    "street": "outside on the pavement",
    "kitchen": "among the things of a kitchen",
    "party": "in the middle of a party",
    "mirror": "facing a bathroom mirror",
    "bus": "on the ride across town",
}
"""What each setting is called."""


class Account(NamedTuple):
    """Sentences for one group of symptoms; `{place}` stands for the setting."""

    causes: tuple[str, ...]
    figures: tuple[str, ...]
    states: tuple[str, ...]


ACCOUNTS: dict[str, tuple[Account, ...]] = {
    "anxiety": (
        Account(
            (
                "A harmless moment {place} sets off the whole body, which stays on alert long afterwards.",
                "Someone {place} tries to be calm, and hands, legs and breath answer with the opposite.",
                "Nothing much happens {place}, yet the muscles behave as if it did.",
            ),
            (
                "The joke treats the body as a machine whose off switch was never built in.",
                "Exaggerated movement stands for a tension that cannot be set aside.",
                "An everyday object is drawn into the person's agitation, as if it caught it from them.",
            ),
            (
                "The person seems wound up and unable to settle.",
                "The person comes across as tense, jumpy and tired of it.",
                "There is a sense of running at full speed while standing still.",
            ),
        ),
        Account(
            (
                "A small uncertainty {place} grows into a chain of disasters in the mind.",
                "Someone {place} meets an ordinary sign and reads the end of everything into it.",
                "One thought {place} calls for the next, and none of them can be sent away.",
            ),
            (
                "The mind is shown as a storyteller that only knows terrible endings.",
                "The contrast of a tiny cause with an enormous forecast makes the joke.",
                "Thoughts appear as visitors or officials who come uninvited and stay.",
            ),
            (
                "The person seems caught in thoughts about what may go wrong.",
                "The person expects the worst and knows how far-fetched it is.",
                "There is a dread of what comes next that reason does not reach.",
            ),
        ),
    ),
    "depression": (
        Account(
            (
                "A plain moment {place} is taken as proof of not being worth much.",
                "Someone {place} meets with kindness or silence, and turns both against themselves.",
                "The day {place} brings nothing bad, and the sadness comes along all the same.",
            ),
            (
                "Objects are given opinions, and all of them side against the person.",
                "The joke is harsh towards the one who tells it, so that nobody else has to be.",
                "A gloomy image is told in a light voice, which makes it heavier.",
            ),
            (
                "The person seems sad and unkind towards themselves.",
                "The person comes across as hurt, ashamed and used to it.",
                "There is a heaviness that humour covers only thinly.",
            ),
        ),
        Account(
            (
                "Hours and hunger have come apart, which shows {place}.",
                "Someone {place} is awake or hungry when nobody else is, and neither when everyone is.",
                "The body keeps a timetable of its own {place}, and nobody was asked.",
            ),
            (
                "Food and bed appear as two colleagues who never agree on a shift.",
                "The joke turns a broken routine into an event with a schedule.",
                "An ordinary meal at an impossible hour stands for days without order.",
            ),
            (
                "The person seems worn out by a rhythm that no longer holds.",
                "The person comes across as weary, unfed and oddly resigned.",
                "There is a tiredness that neither a meal nor a pillow mends.",
            ),
        ),
        Account(
            (
                "Something that once was fun or easy leaves no trace {place}.",
                "Someone {place} begins, drifts off, begins again and cannot say why it should matter.",
                "The attention goes missing {place}, and nobody minds enough to look for it.",
            ),
            (
                "Unread pages and abandoned hobbies stand for a mind that is elsewhere.",
                "The joke lies in how calmly the absence is reported.",
                "Repeating the same small act shows time passing without anything being taken in.",
            ),
            (
                "The person seems absent and indifferent at once.",
                "The person comes across as blank, scattered and unmoved.",
                "There is a fog in which nothing is wanted and nothing stays.",
            ),
        ),
    ),
}
"""What may be said of each group of each task, in the order of the groups of texts."""


def given_reasoning(task: str, group: int, setting: str, rng: Random) -> dict[str, str]:
    """The reasoning fields of one record, as the published annotation files name them."""
    account = ACCOUNTS[task][group]
    cause = rng.choice(account.causes).format(place=PLACES[setting])
    figure, state = rng.choice(account.figures), rng.choice(account.states)
    return {
        "figurative_reasoning": " ".join(
            ("1. Cause-Effect:", cause, "2. Figurative Understanding:", figure, "3. Mental State:", state)
        ),
        "cause_effect": cause,
        "figurative_understanding": figure,
        "mental_state": state,
    }
