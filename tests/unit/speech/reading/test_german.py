from __future__ import annotations

import pytest

from tests.unit.speech.reading.rows import Row, rows, said, unlike

TABLE = rows(
    "de",
    """
    # cardinals, signs, ranges
    4.000 Menschen → viertausend Menschen
    1.234.567 → eine Million zweihundertvierunddreißigtausendfünfhundertsiebenundsechzig
    1,5 l → eins Komma fünf Liter
    0,05 → null Komma null fünf
    Kapitel 1 → Kapitel eins
    1 Apfel und 1 Person → ein Apfel und eine Person
    ca. 10–15 km → circa zehn bis fünfzehn Kilometer
    10-15 Minuten → zehn bis fünfzehn Minuten
    8–10 Uhr → acht bis zehn Uhr
    2019–2021 → zweitausendneunzehn bis zweitausendeinundzwanzig
    ein 2:1 im Finale → ein zwei zu eins im Finale
    Agent 007 → Agent null null sieben
    3x täglich → dreimal täglich
    die 18-jährige → die achtzehn-jährige
    # ordinals
    im 19. Jahrhundert → im neunzehnten Jahrhundert
    1. Platz → erster Platz
    2. Auflage → zweite Auflage
    3. Kapitel → drittes Kapitel
    in der 3. Klasse → in der dritten Klasse
    die 3. Klasse → die dritte Klasse
    das 1. Mal → das erste Mal
    sein 60. Geburtstag → sein sechzigster Geburtstag
    Er wurde 5. Dann ging er. → Er wurde fünf. Dann ging er.
    # fractions
    1/2 TL Salz → ein halber Teelöffel Salz
    3/4 l → drei viertel Liter
    1/2 kg → ein halbes Kilogramm
    3 1/2 Stunden → dreieinhalb Stunden
    ⅔ davon → zwei drittel davon
    # money
    5,50 € → fünf Euro fünfzig
    1.234,50 € → eintausendzweihundertvierunddreißig Euro fünfzig
    1 € → ein Euro
    0,99 € → neunundneunzig Cent
    € 5,00 → fünf Euro
    5,3 Mio. Euro → fünf Komma drei Millionen Euro
    1 Mio. Menschen → eine Million Menschen
    3 Mrd. € → drei Milliarden Euro
    1.000.000 € → eine Million Euro
    $5 → fünf Dollar
    5 USD → fünf US-Dollar
    2,50 €/kg → zwei Euro fünfzig pro Kilogramm
    # percent, units
    20 % → zwanzig Prozent
    10 % - 20 % → zehn Prozent bis zwanzig Prozent
    -5 °C → minus fünf Grad Celsius
    1 t → eine Tonne
    1 km → ein Kilometer
    100 km/h → einhundert Kilometer pro Stunde
    3 m² → drei Quadratmeter
    5 kWh → fünf Kilowattstunden
    2 EL Öl → zwei Esslöffel Öl
    16 GB → sechzehn Gigabyte
    # dates, years, times
    am 3. Mai 2026 → am dritten Mai zweitausendsechsundzwanzig
    der 3. Mai → der dritte Mai
    3. Mai → dritter Mai
    vom 3. bis 5. Mai → vom dritten bis fünften Mai
    am 12.05.2026 → am zwölften Mai zweitausendsechsundzwanzig
    am 3.5. kam er → am dritten Mai kam er
    Montag, den 5. Jan. → Montag, den fünften Januar.
    2026-05-12 → zwölfter Mai zweitausendsechsundzwanzig
    im Jahr 1066 → im Jahr tausendsechsundsechzig
    1999 → neunzehnhundertneunundneunzig
    die 90er → die neunziger
    die 1990er Jahre → die neunzehnhundertneunziger Jahre
    um 14:30 Uhr → um vierzehn Uhr dreißig
    um 14.30 Uhr → um vierzehn Uhr dreißig
    um 1 Uhr → um ein Uhr
    09:05 → neun Uhr fünf
    1:02:03 → eine Stunde, zwei Minuten und drei Sekunden
    # Roman numerals
    Ludwig XIV. war König → Ludwig der Vierzehnte war König
    unter Ludwig XIV. → unter Ludwig dem Vierzehnten.
    der Hof Ludwigs XIV. → der Hof Ludwigs des Vierzehnten.
    Elisabeth II. kam → Elisabeth die Zweite kam
    Kap. IV → Kapitel vier
    # abbreviations
    Hr. Müller → Herr Müller
    z. B. Äpfel → zum Beispiel Äpfel
    z.B. Äpfel → zum Beispiel Äpfel
    d. h. nie → das heißt nie
    100 v. Chr. → einhundert vor Christus.
    in der Hauptstr. 5 → in der Hauptstraße fünf
    Nr. 7 → Nummer sieben
    S. 10-15 → Seite zehn bis fünfzehn
    Dr. Lind und Prof. Roth → Doktor Lind und Professor Roth
    Äpfel, Birnen usw. → Äpfel, Birnen und so weiter.
    # addresses, telephones, versions
    info@beispiel.de → info at beispiel Punkt de
    www.beispiel.de/a → beispiel Punkt de Schrägstrich a
    030 123456 → null drei null, eins zwei drei vier fünf sechs
    +49 30 1234567 → plus vier neun, drei null, eins zwei drei vier fünf sechs sieben
    3.11.2 → drei Punkt elf Punkt zwei
    Abschnitt 2.1 → Abschnitt zwei Punkt eins
    # symbols
    § 5 Abs. 2 → Paragraf fünf Absatz zwei
    Müller & Sohn → Müller und Sohn
    5 + 3 = 8 → fünf plus drei gleich acht
    # what is left to the engine
    A4, MP3, H2O, 3D → A4, MP3, H2O, 3D
    [de-CH]
    1'234.50 CHF → eintausendzweihundertvierunddreissig Franken fünfzig
    """,
)


@pytest.mark.parametrize("row", TABLE, ids=lambda row: f"{row[0]} {row[1]}")
def test_it_is_said_in_words(row: Row) -> None:
    language, source, words = row
    assert said(source, language) == words


def test_it_is_heard_as_its_words() -> None:
    assert unlike(TABLE) == []
