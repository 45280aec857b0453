from __future__ import annotations

import pytest

from tests.unit.speech.reading.rows import Row, rows, said, unlike

TABLE = rows(
    "nl",
    """
    4.000 mensen → vierduizend mensen
    1,5 liter → een komma vijf liter
    10–15 km → tien tot vijftien kilometer
    2019–2021 → tweeduizendnegentien tot tweeduizendeenentwintig
    -5 °C → min vijf graden Celsius
    20% → twintig procent
    100 km/u → honderd kilometer per uur
    1 t → een ton
    de 3e keer en de 21ste → de derde keer en de eenentwintigste
    ½ tl zout → een halve theelepel zout
    1 1/2 uur → anderhalf uur
    3/4 l → drie kwart liter
    € 5,00 → vijf euro
    € 12,50 → twaalf euro vijftig
    1.234,50 € → duizendtweehonderdvierendertig euro vijftig
    € 0,99 → negenennegentig cent
    5,3 miljard euro → vijf komma drie miljard euro
    € 1,2 mln. → een komma twee miljoen euro.
    op 3 mei 2026 → op drie mei tweeduizendzesentwintig
    12-05-2026 → twaalf mei tweeduizendzesentwintig
    in 1999 → in negentiennegenennegentig
    in 1905 → in negentienhonderdvijf
    om 14:30 uur → om veertien uur dertig
    om 14.30 uur → om veertien uur dertig
    7 uur → zeven uur
    1:02:03 → een uur, twee minuten en drie seconden
    Willem III → Willem de Derde
    hoofdstuk IV → hoofdstuk vier
    de XIXe eeuw → de negentiende eeuw
    dhr. Jansen → de heer Jansen
    o.a. appels, peren enz. → onder andere appels, peren enzovoort.
    ma t/m vr → ma tot en met vr
    blz. 10-15 → bladzijde tien tot vijftien
    nr. 7 → nummer zeven
    info@voorbeeld.nl → info apenstaartje voorbeeld punt nl
    www.voorbeeld.nl/a → voorbeeld punt nl slash a
    020 1234567 → nul twee nul, een twee drie vier vijf zes zeven
    versie 3.11.2 → versie drie punt elf punt twee
    Jansen & Zn → Jansen en Zn
    5 + 3 = 8 → vijf plus drie is acht
    """,
)


@pytest.mark.parametrize("row", TABLE, ids=lambda row: f"{row[0]} {row[1]}")
def test_it_is_said_in_words(row: Row) -> None:
    language, source, words = row
    assert said(source, language) == words


def test_it_is_heard_as_its_words() -> None:
    assert unlike(TABLE) == []
