from __future__ import annotations

import pytest

from tests.unit.speech.reading.rows import Row, rows, said, unlike

TABLE = rows(
    "en-US",
    """
    # cardinals, signs, ranges
    It has 1,234.50 parts → It has one thousand two hundred thirty-four point five zero parts
    1000000 people came → one million people came
    at 5 → at five
    It fell to -5 °C → It fell to minus five degrees Celsius
    a gain of +3 → a gain of plus three
    10–15 km → ten to fifteen kilometers
    10-15 minutes → ten to fifteen minutes
    pp. 10-15 → pages ten to fifteen
    We won 3-1 → We won three-one
    a 3-4 defeat → a three-four defeat
    2019–2021 → twenty nineteen to twenty twenty-one
    0.05 → zero point zero five
    agent 007 → agent zero zero seven
    12345678901234567890 → one two three four, five six seven eight, nine zero one two, three four five six, seven eight nine zero
    5 million → five million
    3.5 bn people → three point five billion people
    # ordinals, fractions
    the 3rd and the 21st → the third and the twenty-first
    a 2nd-floor flat → a second-floor flat
    1/2 tsp salt → half a teaspoon salt
    3/4 cup → three quarters of a cup
    3 ½ cups → three and a half cups
    2 1/2 tbsp → two and a half tablespoons
    1/3 of them → one third of them
    rated 7/10 → rated seven out of ten
    # money
    $5.3 billion → five point three billion dollars
    $1.2M → one point two million dollars
    $5-10 million → five to ten million dollars
    £3.50 → three pounds and fifty pence
    £0.01 → one penny
    $1 → one dollar
    $0.99 → ninety-nine cents
    € 5.00 → five euros
    1,234.50 € → one thousand two hundred thirty-four euros and fifty cents
    5 USD → five US dollars
    # percent, units
    20% of it → twenty percent of it
    10–20% → ten to twenty percent
    98.6°F → ninety-eight point six degrees Fahrenheit
    at 100 km/h → at one hundred kilometers per hour
    60 mph → sixty miles per hour
    5 m² → five square meters
    1 kg → one kilogram
    16GB → sixteen gigabytes
    5 kWh → five kilowatt-hours
    He is 5'11" tall → He is five foot eleven tall
    3 × 4 m → three by four meters
    # dates, years, times
    12/05/2026 → December fifth, twenty twenty-six
    2026-05-12 → May twelfth, twenty twenty-six
    May 3rd → May third
    May 3, 2026 → May third, twenty twenty-six
    3 May 2026 → the third of May, twenty twenty-six
    the 1990s → the nineteen nineties
    the '90s → the nineties
    in 1999 → in nineteen ninety-nine
    in 1066 → in ten sixty-six
    14:30 → fourteen thirty
    3:05 pm → three oh five PM
    9:00 → nine o'clock
    7 a.m. → seven AM.
    1:02:03 → one hour, two minutes and three seconds
    # Roman numerals
    Ch. IV → chapter four
    Henry VIII → Henry the eighth
    World War II → World War two
    the XIX century → the nineteenth century
    I. → I.
    MIX and CV → MIX and CV
    # abbreviations
    Dr. Smith vs. Prof. Lind → Doctor Smith versus Professor Lind
    on Elm St. in St. Louis → on Elm Street in Saint Louis
    No. 7 → number seven
    No. It is not. → No. It is not.
    Mt. Everest, etc. → Mount Everest, et cetera.
    e.g. this, i.e. that → for example this, that is that
    in the U.S. now → in the U.S. now
    # addresses, telephones, versions
    anna.b@example.com → anna dot b at example dot com
    https://www.example.com/a-b?x=1 → example dot com slash a dash b
    @handle_x → at handle underscore x
    #OpenSource → hashtag Open Source
    issue #5 → issue number five
    555-123-4567 → five five five, one two three, four five six seven
    +1 212 555 1234 → plus one, two one two, five five five, one two three four
    version 3.11.2 → version three point eleven point two
    v2 → version two
    Section 2.1 → Section two point one
    # symbols, fixed tokens
    R&D → R and D
    5+3=8 → five plus three equals eight
    § 5 → section five
    24/7 → twenty-four seven
    9/11 → nine eleven
    50/50 → fifty-fifty
    # ranges of readings
    9:30–11:00 → nine thirty to eleven o'clock
    9am-5pm → nine AM to five PM
    10% - 20% → ten percent to twenty percent
    $5 – $10 → five dollars to ten dollars
    1990–95 → nineteen ninety to ninety-five
    # nouns before nouns
    a 5 km run → a five kilometer run
    a $5 million deal → a five million dollar deal
    a 12" pizza and 12" of snow → a twelve inch pizza and twelve inches of snow
    # more of the above
    $10/kg and 5 kg/m³ → ten dollars per kilogram and five kilograms per cubic meter
    2026-05-12T14:30:00Z → May twelfth, twenty twenty-six, fourteen thirty
    05/2026 → May twenty twenty-six
    John 3:16 → John three sixteen
    a 16:9 screen → a sixteen to nine screen
    3 > 2 and >5 → three is greater than two and more than five
    ₹1,00,000 → one hundred thousand rupees
    192.168.0.1 → one hundred ninety-two dot one hundred sixty-eight dot zero dot one
    call 911 → call nine one one
    At 3 p.m. we left → At three PM we left
    Elizabeth II's → Elizabeth the second's
    # what looks like another kind
    1. Peel the apple → one. Peel the apple
    at 5 and/or 6 → at five and or six
    COVID-19 → COVID-nineteen
    a.m. → a.m.
    the CIVIC centre and an X-ray → the CIVIC centre and an X-ray
    Henry I saw → Henry I saw
    5. That was it → five. That was it
    12/25 → 12/25
    1,5 km and 1.234,50 → 1,5 km and 1.234,50
    # what is left to the engine
    3D, F16, A4, MP3, H2O, 10x → 3D, F16, A4, MP3, H2O, 10x
    C++ and A+ → C++ and A+
    [en-GB]
    12/05/2026 → the twelfth of May, twenty twenty-six
    101 → one hundred and one
    in 2007 → in two thousand and seven
    the 1,001st → the one thousand and first
    100 km → one hundred kilometres
    """,
)


@pytest.mark.parametrize("row", TABLE, ids=lambda row: f"{row[0]} {row[1]}")
def test_it_is_said_in_words(row: Row) -> None:
    language, source, words = row
    assert said(source, language) == words


def test_it_is_heard_as_its_words() -> None:
    assert unlike(TABLE) == []
