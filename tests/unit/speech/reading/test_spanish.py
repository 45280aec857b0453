from __future__ import annotations

import pytest

from tests.unit.speech.reading.rows import Row, rows, said, unlike

TABLE = rows(
    "es",
    """
    # cardinals, signs, ranges
    Hay 1.234 piezas y 12,5 más → Hay mil doscientas treinta y cuatro piezas y doce coma cinco más
    1.000.000 de personas → un millón de personas
    el nivel 5 → el nivel cinco
    Estamos a -5 °C → Estamos a menos cinco grados Celsius
    una mejora de +3 puntos → una mejora de más tres puntos
    10–15 km → diez a quince kilómetros
    10-15 minutos → diez a quince minutos
    págs. 10-15 → páginas diez a quince
    2019-2021 → dos mil diecinueve a dos mil veintiuno
    2019–2021 → dos mil diecinueve a dos mil veintiuno
    0,05 → cero coma cero cinco
    3,14 → tres coma catorce
    3,1416 → tres coma uno cuatro uno seis
    el agente 007 → el agente cero cero siete
    12345678901234567890 → uno dos tres cuatro, cinco seis siete ocho, nueve cero uno dos, tres cuatro cinco seis, siete ocho nueve cero
    5 millones de personas → cinco millones de personas
    # gender of what is counted
    21 casas y 21 libros → veintiuna casas y veintiún libros
    200 personas → doscientas personas
    1 hora y 1 minuto → una hora y un minuto
    1 persona y 1 libro → una persona y un libro
    21 años → veintiún años
    En 1999 muchas casas → En mil novecientos noventa y nueve muchas casas
    Capítulo 1 Una casa → Capítulo uno Una casa
    301 problemas → trescientos un problemas
    31 días → treinta y un días
    # ordinals, fractions
    el 1.º y la 2.ª → el primero y la segunda
    el 1.er piso, el 3.er día → el primer piso, el tercer día
    5º lugar y 3ª vez → quinto lugar y tercera vez
    1ro, 2do, 4ta → primero, segundo, cuarta
    1/2 taza → media taza
    ½ litro → medio litro
    3/4 taza → tres cuartos de taza
    1/3 de la población → un tercio de la población
    2 1/2 tazas → dos tazas y media
    1 ½ tazas → una taza y media
    3 ½ km → tres kilómetros y medio
    ½ kg → medio kilogramo
    nota: 7/10 → nota: siete sobre diez
    # money
    5,3 mil millones de euros → cinco coma tres mil millones de euros
    5,3 M€ → cinco coma tres millones de euros
    2 M$ → dos millones de dólares
    1.000.000 € → un millón de euros
    3,50 € → tres euros con cincuenta céntimos
    0,99 € → noventa y nueve céntimos
    1 € → un euro
    21 € → veintiún euros
    5,00 € → cinco euros
    1.234,50 € → mil doscientos treinta y cuatro euros con cincuenta céntimos
    $5 → cinco dólares
    US$200 → doscientos dólares estadounidenses
    £200 → doscientas libras
    21 libras → veintiuna libras
    12 €/kg → doce euros por kilogramo
    # percent, units
    el 20 % del total → el veinte por ciento del total
    10–20 % → diez a veinte por ciento
    21 % → veintiuno por ciento
    37,5 °C → treinta y siete coma cinco grados Celsius
    100 km/h → cien kilómetros por hora
    5 m² → cinco metros cuadrados
    1 kg → un kilogramo
    16 GB → dieciséis gigabytes
    5 kWh → cinco kilovatios hora
    21 h → veintiuna horas
    200 t → doscientas toneladas
    45° → cuarenta y cinco grados
    3 × 4 m → tres por cuatro metros
    # dates, years, times
    12/05/2026 → doce de mayo de dos mil veintiséis
    2026-05-12 → doce de mayo de dos mil veintiséis
    el 1/5/2026 → el primero de mayo de dos mil veintiséis
    el 12 de mayo de 2026 → el doce de mayo de dos mil veintiséis
    1.º de mayo → primero de mayo
    1° de mayo → primero de mayo
    1 de enero → primero de enero
    el 5 ene. 2024 → el cinco de enero de dos mil veinticuatro
    los años 90 → los años noventa
    los '90 → los noventa
    en 1999 → en mil novecientos noventa y nueve
    en 711 → en setecientos once
    a las 14:30 → a las catorce treinta
    a las 14:30 h → a las catorce treinta horas
    a las 9:05 → a las nueve y cinco
    a las 9:00 → a las nueve
    a las 9:30 a. m. → a las nueve y treinta de la mañana.
    a las 8 p. m. → a las ocho de la noche.
    a las 8 p. m. en casa → a las ocho de la noche en casa
    a la 1:15 → a la una y quince
    1:02:03 → una hora, dos minutos y tres segundos
    # Roman numerals
    el siglo XIX → el siglo diecinueve
    el siglo V → el siglo quinto
    los siglos XV y XVI → los siglos quince y dieciséis
    s. XX → siglo veinte
    Alfonso X y Alfonso XIII → Alfonso décimo y Alfonso trece
    Felipe VI → Felipe sexto
    Isabel II → Isabel segunda
    Juan Pablo II → Juan Pablo segundo
    capítulo IV → capítulo cuatro
    la Segunda Guerra Mundial II → la Segunda Guerra Mundial dos
    CV y MIX → CV y MIX
    # abbreviations
    el Sr. García y la Sra. López → el señor García y la señora López
    D. Quijote → don Quijote
    Dña. Ana → doña Ana
    la Dra. Ruiz → la doctora Ruiz
    Uds. van a EE. UU. → ustedes van a Estados Unidos.
    EE.UU. crece → Estados Unidos crece
    p. ej. esto → por ejemplo esto
    peras, manzanas, etc. → peras, manzanas, etcétera.
    pág. 7 → página siete
    n.º 7 y núm. 8 → número siete y número ocho
    No. 7 → número siete
    No. No es así. → No. No es así.
    s. V a. C. → siglo quinto antes de Cristo.
    en el 52 a. C. murió → en el cincuenta y dos antes de Cristo murió
    av. Libertad → avenida Libertad
    C/ Mayor, 12 → calle Mayor, doce
    av. de la Constitución → avenida de la Constitución
    JJ. OO. de París → Juegos Olímpicos de París
    # telephones, addresses, versions
    Tel.: 912 345 678 → teléfono: nueve uno dos, tres cuatro cinco, seis siete ocho
    91 234 56 78 → nueve uno, dos tres cuatro, cinco seis, siete ocho
    +34 612 345 678 → más tres cuatro, seis uno dos, tres cuatro cinco, seis siete ocho
    ana.b@ejemplo.es → ana punto b arroba ejemplo punto es
    https://www.ejemplo.com/a-b?x=1 → ejemplo punto com barra a guion b
    @nombre_x → arroba nombre guion bajo x
    #CódigoAbierto → hashtag Código Abierto
    versión 3.11.2 → versión tres punto once punto dos
    # symbols, fixed tokens
    I+D → I más D
    R&D → R y D
    5+3=8 → cinco más tres igual a ocho
    § 5 → párrafo cinco
    24/7 → veinticuatro siete
    y/o → y o
    50/50 → cincuenta cincuenta
    # what is left to the engine
    A4, MP3, H2O → A4, MP3, H2O
    [es-419]
    1,234.50 → mil doscientos treinta y cuatro punto cincuenta
    12,5 → 12,5
    $3.50 → tres dólares con cincuenta centavos
    2.5 millones → dos punto cinco millones
    12/05/2026 → doce de mayo de dos mil veintiséis
    """,
)


@pytest.mark.parametrize("row", TABLE, ids=lambda row: f"{row[0]} {row[1]}")
def test_it_is_said_in_words(row: Row) -> None:
    language, source, words = row
    assert said(source, language) == words


def test_it_is_heard_as_its_words() -> None:
    assert unlike(TABLE) == []
