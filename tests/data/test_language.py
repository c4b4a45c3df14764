import pytest

from symptomeme.data.language import other_languages

ENGLISH = [
    "me: i should sleep. my brain at three in the morning: remember 2009?",
    "WHEN YOU CANCEL PLANS AND THE RELIEF IS BETTER THAN THE PLANS",
    "how it started / how its going: imgflip.com lol idk im tired",
]
OTHERS = {
    "es": "cuando no puedes dormir porque tu cabeza no deja de pensar en todo",
    "de": "wenn du nachts nicht schlafen kannst weil dein Kopf keine Ruhe gibt",
    "fr": "QUAND TU ESSAIES DE DORMIR MAIS QUE TON CERVEAU PENSE À TOUT",
    "zh": "生活不是等待暴风雨过去而是学会在雨中跳舞今天又失眠了真的很累什么都不想做",
    "hi": "जब तुम सो नहीं पाते क्योंकि दिमाग रुकता ही नहीं है और रात बहुत लंबी है",
}


def languages(texts, min_letters=30, max_english=0.01):
    return other_languages(texts, min_letters=min_letters, max_english=max_english)


def test_english_captions_are_english():
    assert languages(ENGLISH) == [None] * len(ENGLISH)


@pytest.mark.parametrize("code", OTHERS)
def test_others_are_told(code):
    assert languages([OTHERS[code]]) == [code]


def test_short_texts_are_not_judged():
    text = "ich habe heute wieder nichts gegessen"
    letters = sum(char.isalpha() for char in text)
    assert languages([text], min_letters=letters) == ["de"]
    assert languages([text], min_letters=letters + 1) == [None]


def test_what_may_be_english_is_not_told():
    mixed = ["te quiero mucho mi amor I love you so much"]
    assert languages(mixed) == [None]
    assert languages(mixed, max_english=0.9) == ["es"]


def test_what_is_no_language_is_not_told():
    assert languages(["12:30 7% 4G", "", "https://example.org/a1b2c3d4e5f6a7b8c9d0"], min_letters=0) == [None] * 3


def test_the_same_text_always_gets_the_same_answer():
    assert languages([*OTHERS.values(), *ENGLISH]) == languages([*OTHERS.values(), *ENGLISH])
