from __future__ import annotations

import pytest

from tests.unit.speech.reading.rows import Row, rows, said, unlike

TABLE = rows(
    "pt",
    """
    # cardinals, signs, ranges
    Há 1.234 peças e 12,5 a mais → Há mil duzentas e trinta e quatro peças e doze vírgula cinco a mais
    1.000.000 de pessoas → um milhão de pessoas
    o nível 5 → o nível cinco
    -5 °C → menos cinco graus Celsius
    10–15 km → dez a quinze quilómetros
    págs. 10-15 → páginas dez a quinze
    2019–2021 → dois mil e dezanove a dois mil e vinte e um
    0,05 → zero vírgula zero cinco
    3,14 → três vírgula catorze
    agente 007 → agente zero zero sete
    16 anos → dezasseis anos
    21 casas e 21 livros → vinte e uma casas e vinte e um livros
    200 pessoas → duzentas pessoas
    2 horas e 2 minutos → duas horas e dois minutos
    1 pessoa e 1 livro → uma pessoa e um livro
    # ordinals, fractions
    o 1.º e a 2.ª → o primeiro e a segunda
    3º lugar → terceiro lugar
    1/2 chávena → meia chávena
    ½ litro → meio litro
    3/4 de hora → três quartos de hora
    2 1/2 horas → duas horas e meia
    3 ½ km → três quilómetros e meio
    nota 7/10 → nota sete em dez
    # money
    5,3 mil milhões de euros → cinco vírgula três mil milhões de euros
    5,3 M€ → cinco vírgula três milhões de euros
    1.000.000 € → um milhão de euros
    3,50 € → três euros e cinquenta cêntimos
    0,01 € → um cêntimo
    1 € → um euro
    1 234,50 € → mil duzentos e trinta e quatro euros e cinquenta cêntimos
    £200 → duzentas libras
    $5 → cinco dólares
    12 €/kg → doze euros por quilograma
    # percent, units
    20 % → vinte por cento
    10–20 % → dez a vinte por cento
    21% → vinte e um por cento
    37,5 °C → trinta e sete vírgula cinco graus Celsius
    100 km/h → cem quilómetros por hora
    5 m² → cinco metros quadrados
    1 kg → um quilograma
    16 GB → dezasseis gigabytes
    21 h → vinte e uma horas
    3 × 4 m → três por quatro metros
    # dates, years, times
    12/05/2026 → doze de maio de dois mil e vinte e seis
    2026-05-12 → doze de maio de dois mil e vinte e seis
    1 de maio → um de maio
    1.º de maio → primeiro de maio
    12 de maio de 2026 → doze de maio de dois mil e vinte e seis
    os anos 90 → os anos noventa
    em 1999 → em mil novecentos e noventa e nove
    em 711 → em setecentos e onze
    às 14h30 → às catorze e trinta
    às 14:30 → às catorze e trinta
    às 9h05 → às nove e cinco
    às 9h → às nove horas
    à 1h → à uma hora
    1:02:03 → uma hora, dois minutos e três segundos
    # Roman numerals
    o século XIX → o século dezanove
    o século V → o século quinto
    séculos XV e XVI → séculos quinze e dezasseis
    séc. XX → século vinte
    D. João VI → dom João sexto
    Luís XIV → Luís catorze
    Isabel II → Isabel segunda
    capítulo IV → capítulo quarto
    Parte II → Parte segunda
    CV e MIX → CV e MIX
    # abbreviations
    o Sr. Silva e a Sra. Costa → o senhor Silva e a senhora Costa
    a Dra. Ana e o Prof. Lima → a doutora Ana e o professor Lima
    maçãs, peras, etc. → maçãs, peras, etcétera.
    p. ex. isto → por exemplo isto
    pág. 7, n.º 8 → página sete, número oito
    em 52 a.C. morreu → em cinquenta e dois antes de Cristo morreu
    Av. da Liberdade → avenida da Liberdade
    Tel.: 912 345 678 → telefone: nove um dois, três quatro cinco, seis sete oito
    +351 912 345 678 → mais três cinco um, nove um dois, três quatro cinco, seis sete oito
    ana.b@exemplo.pt → ana ponto b arroba exemplo ponto pt
    https://www.exemplo.pt/a-b?x=1 → exemplo ponto pt barra a hífen b
    @nome_x → arroba nome sublinhado x
    versão 3.11.2 → versão três ponto onze ponto dois
    R&D → R e D
    5+3=8 → cinco mais três igual a oito
    § 5 → parágrafo cinco
    e/ou → e ou
    A4, MP3, H2O → A4, MP3, H2O
    [pt-BR]
    16 e 19 → dezesseis e dezenove
    R$ 5,00 → cinco reais
    R$ 1.234,50 → mil duzentos e trinta e quatro reais e cinquenta centavos
    R$ 0,99 → noventa e nove centavos
    R$ 5,3 milhões → cinco vírgula três milhões de reais
    R$ 2 mi → dois milhões de reais
    US$ 200 → duzentos dólares americanos
    1.000.000 de pessoas → um milhão de pessoas
    2 xícaras e 1/2 colher → duas xícaras e meia colher
    2 ½ xícaras de farinha → duas xícaras e meia de farinha
    12/05/2026 → doze de maio de dois mil e vinte e seis
    1º de maio → primeiro de maio
    1/5/2026 → primeiro de maio de dois mil e vinte e seis
    às 14h30 → às catorze e trinta
    às 8h → às oito horas
    (11) 91234-5678 → um um, nove um dois três quatro, cinco seis sete oito
    10 km → dez quilômetros
    século XVI → século dezesseis
    200 mulheres → duzentas mulheres
    D. Pedro II → dom Pedro segundo
    Rod. Anhanguera → rodovia Anhanguera
    """,
)


@pytest.mark.parametrize("row", TABLE, ids=lambda row: f"{row[0]} {row[1]}")
def test_it_is_said_in_words(row: Row) -> None:
    language, source, words = row
    assert said(source, language) == words


def test_it_is_heard_as_its_words() -> None:
    assert unlike(TABLE) == []
