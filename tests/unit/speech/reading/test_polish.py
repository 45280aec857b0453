from __future__ import annotations

import pytest

from tests.unit.speech.reading.rows import Row, rows, said, unlike

TABLE = rows(
    "pl",
    """
    # cardinals, genders, cases
    1 234 567 → milion dwieście trzydzieści cztery tysiące pięćset sześćdziesiąt siedem
    2 książki, 2 domy → dwie książki, dwa domy
    1 osoba, 1 kot, 1 okno → jedna osoba, jeden kot, jedno okno
    przeczytał 1 książkę → przeczytał jedną książkę
    22 minuty → dwadzieścia dwie minuty
    5 mężczyzn i 2 studentów → pięciu mężczyzn i dwóch studentów
    około 5 osób → około pięciu osób
    od 5 do 10 → od pięciu do dziesięciu
    w 3 domach → w trzech domach
    z 4 przyjaciółmi → z czterema przyjaciółmi
    3,14 → trzy przecinek czternaście
    0,05 → zero przecinek zero pięć
    1,5 godziny → półtorej godziny
    # ranges, signs
    10–15 km → dziesięć – piętnaście kilometrów
    -5 °C → minus pięć stopni Celsjusza
    nr 7 → numer siedem
    # units, percent, fractions
    1 km, 2 km, 5 km → jeden kilometr, dwa kilometry, pięć kilometrów
    20% → dwadzieścia procent
    1,5 l → półtora litra
    2,5 t → dwie i pół tony
    2 godz. jazdy → dwie godziny jazdy
    100 km/h → sto kilometrów na godzinę
    3 m² → trzy metry kwadratowe
    do 20 kg → do dwudziestu kilogramów
    1/2 l → pół litra
    3/4 → trzy czwarte
    2/5 → dwie piąte
    2 ½ litra → dwa i pół litra
    # money
    5 zł → pięć złotych
    1 zł i 2 zł → jeden złoty i dwa złote
    12,50 zł → dwanaście złotych pięćdziesiąt groszy
    0,99 zł → dziewięćdziesiąt dziewięć groszy
    50 gr → pięćdziesiąt groszy
    1.234,50 zł → tysiąc dwieście trzydzieści cztery złote pięćdziesiąt groszy
    $5 → pięć dolarów
    100 € → sto euro
    5,3 mld zł → pięć przecinek trzy miliarda złotych
    2 tys. osób → dwa tysiące osób
    około 5 mln ludzi → około pięciu milionów ludzi
    # dates, years, centuries
    3 maja → trzeciego maja
    3 maja 2026 r. zaczniemy → trzeciego maja dwa tysiące dwudziestego szóstego roku zaczniemy
    od 3 do 5 maja → od trzeciego do piątego maja
    12.05.2026 → dwunastego maja dwa tysiące dwudziestego szóstego roku
    3 V 2026 → trzeciego maja dwa tysiące dwudziestego szóstego roku
    2026-05-12 → dwunastego maja dwa tysiące dwudziestego szóstego roku
    w maju 1999 roku → w maju tysiąc dziewięćset dziewięćdziesiątego dziewiątego roku
    w 1999 r. wyjechał → w tysiąc dziewięćset dziewięćdziesiątym dziewiątym roku wyjechał
    od 1989 roku → od tysiąc dziewięćset osiemdziesiątego dziewiątego roku
    rok 2000 → rok dwutysięczny
    lata 90. były → lata dziewięćdziesiąte były
    w latach 90. minęły → w latach dziewięćdziesiątych minęły
    XX wiek → dwudziesty wiek
    w XIX wieku → w dziewiętnastym wieku
    koniec XX w. był → koniec dwudziestego wieku był
    # times
    o 14:30 → o czternastej trzydzieści
    o godz. 14.30 → o godzinie czternastej trzydzieści
    jest 9:05 → jest dziewiąta zero pięć
    od 9:00 do 17:00 → od dziewiątej do siedemnastej
    o 8 rano → o ósmej rano
    1:02:03 → jedna godzina dwie minuty trzy sekundy
    # ordinals, Roman numerals
    3. miejsce, w 3. klasie → trzecie miejsce, w trzeciej klasie
    18-letni i 30-lecie → osiemnastoletni i trzydziestolecie
    Jan III, Jana III, Elżbieta II → Jan Trzeci, Jana Trzeciego, Elżbieta Druga
    rozdział IV → rozdział czwarty
    II wojna światowa → druga wojna światowa
    podczas II wojny → podczas drugiej wojny
    # abbreviations
    koty, psy itd. → koty, psy i tak dalej.
    np. dziś, m.in. tu, tzn. nie → na przykład dziś, między innymi tu, to znaczy nie
    dr Nowak i prof. Lis → doktor Nowak i profesor Lis
    na ul. Długiej 5 → na ulicy Długiej pięć
    str. 5 → strona pięć
    44 r. p.n.e. → czterdziestego czwartego roku przed naszą erą.
    # addresses, telephones, symbols
    info@przyklad.pl → info małpa przyklad kropka pl
    www.przyklad.pl/a → przyklad kropka pl ukośnik a
    +48 22 123 45 67 → plus cztery osiem, dwa dwa, jeden dwa trzy, cztery pięć, sześć siedem
    tel. 600 123 456 → telefon sześć zero zero, jeden dwa trzy, cztery pięć sześć
    Polna 5 m. 12, 00-950 Warszawa → Polna pięć mieszkanie dwanaście, zero zero, dziewięćset pięćdziesiąt Warszawa
    w godz. 8-16 → w godzinach od ósmej do szesnastej
    wynik 2:1 → wynik dwa do jednego
    Nowak & Syn → Nowak i Syn
    5 + 3 = 8 → pięć plus trzy równa się osiem
    § 5 → paragraf pięć
    """,
)


@pytest.mark.parametrize("row", TABLE, ids=lambda row: f"{row[0]} {row[1]}")
def test_it_is_said_in_words(row: Row) -> None:
    language, source, words = row
    assert said(source, language) == words


def test_it_is_heard_as_its_words() -> None:
    assert unlike(TABLE) == []
