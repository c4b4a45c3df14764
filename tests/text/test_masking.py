import pytest

from symptomeme.text.masking import masked


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("when @some_one99 posts", "when @user posts"),
        ("@A.B: me. @c_d, you", "@user: me. @user, you"),
        ("u/throw-away and /u/other_one agree", "@user and @user agree"),
        ("mail first.last+tag@mail.example.org now", "mail @email now"),
        ("see https://example.org/a?b=c#d, please", "see http, please"),
        ("WWW.EXAMPLE.ORG and imgflip.com.", "http and http."),
        ("youtu.be/abc123 plays", "http plays"),
        ("call (555) 123-4567 or 555-123-4567", "call @phone or @phone"),
        ("+44 20 7946 0958; 1-800-555-0199; 555-0199", "@phone; @phone; @phone"),
        ("07700 900123 5552234567", "@phone @phone"),
        ("@Jürgen and jürgen.groß@müll.example", "@user and @email"),
        ("my.site.de/about", "http"),
        ("Call me at 555-1234 or tel.: 555-1234", "Call me at @phone or tel.: @phone"),
        ("my number is 555-1234\n555-1234\ntext 555-1234!", "my number is @phone\n@phone\ntext @phone!"),
        ("020 7946 0958, 07700900123, 0044 20 7946 0958", "@phone, @phone, @phone"),
        ("98765 43210; 1-800-273-TALK, 1-800-FLOWERS or 1-800-GOT-JUNK.", "@phone; @phone, @phone or @phone."),
        ("john.doe @ gmail.com and jane@ example.org", "@email and @email"),
        ("@john-doe, @a.b-c: @d--and @me@mastodon.social", "@user, @user: @user--and @user"),
    ],
)
def test_what_leads_to_a_person_is_masked(text, expected):
    assert masked(text) == expected
    assert masked(expected) == expected


@pytest.mark.parametrize(
    "text",
    [
        "me @ 3 am",
        "I can't sleep.me neither",
        "12:30 on 2020-10-12, 1,000,000 times",
        "from 2019-2020 to 24/7, 3.14159 and 100%",
        "and/or either/or you/me",
        "so tired... ok. Dr. Who e.g. now",
        "so tired.app closed, she said.ca va, don't.de rien",
        "10000000000 years, score 100-1000",
        "earn 500-1000 a day, SAVE 800-1200 calories, the years 400-1200",
        "500-1000 people call it a text of 300-2000 words",
        "0123 times, 0.07700900123, 000000000000, 0 1 2 3 4 5 6 7 8 9, 03-12-2020 14:30, 007 in 2020",
        "1 800 persons, 1-800 of us, 12345 67890",
        "me @ work with dr.house, + @ 3",
        "Zoë's naïve 'ñandú' № 7",
        "",
    ],
)
def test_other_text_stays_as_it_is(text):
    assert masked(text) == text
