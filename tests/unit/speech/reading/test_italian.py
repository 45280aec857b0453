from __future__ import annotations

import pytest

from tests.unit.speech.reading.rows import Row, rows, said, unlike

TABLE = rows(
    "it",
    """
    # cardinals, signs, ranges
    Ci sono 1.234 pezzi e 12,5 in più → Ci sono milleduecentotrentaquattro pezzi e dodici virgola cinque in più
    1.000.000 di persone → un milione di persone
    al livello 5 → al livello cinque
    a -5 °C → a meno cinque gradi Celsius
    10–15 km → dieci a quindici chilometri
    pagg. 10-15 → pagine dieci a quindici
    2019–2021 → duemiladiciannove a duemilaventuno
    0,05 → zero virgola zero cinque
    3,14 → tre virgola quattordici
    agente 007 → agente zero zero sette
    1 casa e 1 libro → una casa e un libro
    1 ora e 1 zaino → un'ora e uno zaino
    21 t → ventuno tonnellate
    21 anni → ventuno anni
    23 ragazze → ventitré ragazze
    # ordinals, fractions
    il 1º e la 2ª → il primo e la seconda
    il 3° piano → il terzo piano
    la 5° volta → la quinta volta
    45° di latitudine → quarantacinque gradi di latitudine
    45° → quarantacinque gradi
    1/2 tazza → mezza tazza
    ½ litro → mezzo litro
    3/4 di tazza → tre quarti di tazza
    2 1/2 tazze → due tazze e mezzo
    3 ½ km → tre chilometri e mezzo
    voto 7/10 → voto sette su dieci
    # money
    5,3 miliardi di euro → cinque virgola tre miliardi di euro
    5,3 mln € → cinque virgola tre milioni di euro
    1.000.000 € → un milione di euro
    3,50 € → tre euro e cinquanta centesimi
    0,01 € → un centesimo
    € 1.234,50 → milleduecentotrentaquattro euro e cinquanta centesimi
    1 € → un euro
    £21 → ventuno sterline
    $5 → cinque dollari
    12 €/kg → dodici euro al chilogrammo
    # percent, units
    20 % → venti per cento
    1% → uno per cento
    10–20 % → dieci a venti per cento
    37,5 °C → trentasette virgola cinque gradi Celsius
    100 km/h → cento chilometri orari
    80 mq → ottanta metri quadrati
    1 kg → un chilogrammo
    16 GB → sedici gigabyte
    5 kWh → cinque chilowattora
    1 h → un'ora
    3 × 4 m → tre per quattro metri
    # dates, years, times
    12/05/2026 → dodici maggio duemilaventisei
    2026-05-12 → dodici maggio duemilaventisei
    1/5/2026 → primo maggio duemilaventisei
    il 1° maggio → il primo maggio
    il 1º gennaio 2024 → il primo gennaio duemilaventiquattro
    12 maggio 2026 → dodici maggio duemilaventisei
    gli anni '90 → gli anni novanta
    gli anni 80 → gli anni ottanta
    nel 1999 → nel millenovecentonovantanove
    nel 476 → nel quattrocentosettantasei
    alle 14:30 → alle quattordici e trenta
    alle 14.30 → alle quattordici e trenta
    ore 9.05 → ore nove e cinque
    1:02:03 → un'ora, due minuti e tre secondi
    vinse 3 set → vinse tre set
    # Roman numerals
    il XIX secolo → il diciannovesimo secolo
    nei secoli XV e XVI → nei secoli quindicesimo e sedicesimo
    XV e XVI secolo → quindicesimo e sedicesimo secolo
    sec. XX → secolo ventesimo
    Luigi XIV → Luigi quattordicesimo
    Elisabetta II → Elisabetta seconda
    Vittorio Emanuele III → Vittorio Emanuele terzo
    capitolo IV → capitolo quarto
    parte II → parte seconda
    CV e MIX → CV e MIX
    # abbreviations
    il Sig. Rossi e la Sig.ra Bianchi → il signor Rossi e la signora Bianchi
    il dott. Verdi e la dott.ssa Neri → il dottor Verdi e la dottoressa Neri
    mele, pere, ecc. → mele, pere, eccetera.
    ad es. questo → ad esempio questo
    pag. 7, n. 8 → pagina sette, numero otto
    nel 52 a.C. morì → nel cinquantadue avanti Cristo morì
    d.C. → dopo Cristo.
    P.zza Garibaldi → piazza Garibaldi
    Tel.: 06 1234567 → telefono: zero sei, uno due tre quattro cinque sei sette
    anna.b@esempio.it → anna punto b chiocciola esempio punto it
    https://www.esempio.it/a-b?x=1 → esempio punto it barra a trattino b
    @nome_x → chiocciola nome trattino basso x
    versione 3.11.2 → versione tre punto undici punto due
    R&D → R e D
    5+3=8 → cinque più tre uguale otto
    § 5 → paragrafo cinque
    e/o → e o
    A4, MP3, H2O → A4, MP3, H2O
    """,
)


@pytest.mark.parametrize("row", TABLE, ids=lambda row: f"{row[0]} {row[1]}")
def test_it_is_said_in_words(row: Row) -> None:
    language, source, words = row
    assert said(source, language) == words


def test_it_is_heard_as_its_words() -> None:
    assert unlike(TABLE) == []
