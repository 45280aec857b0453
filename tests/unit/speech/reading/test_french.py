from __future__ import annotations

import pytest

from tests.unit.speech.reading.rows import Row, rows, said, unlike

TABLE = rows(
    "fr",
    """
    # cardinals, signs, ranges
    Il y a 1 234,50 pièces → Il y a mille deux cent trente-quatre virgule cinquante pièces
    1 000 000 d'habitants → un million d'habitants
    au niveau 5 → au niveau cinq
    Il fait -5 °C → Il fait moins cinq degrés Celsius
    10–15 km → dix à quinze kilomètres
    10-15 minutes → dix à quinze minutes
    p. 10-15 → pages dix à quinze
    2019–2021 → deux mille dix-neuf à deux mille vingt-et-un
    0,05 → zéro virgule zéro cinq
    π vaut 3,14 → π vaut trois virgule quatorze
    3,1416 → trois virgule un quatre un six
    2,5 fois → deux virgule cinq fois
    agent 007 → agent zéro zéro sept
    12345678901234567890 → un deux trois quatre, cinq six sept huit, neuf zéro un deux, trois quatre cinq six, sept huit neuf zéro
    5 millions de Français → cinq millions de Français
    # gender of what is counted
    21 pages et 1 personne → vingt-et-une pages et une personne
    21 élèves → vingt-et-un élèves
    81 chapitres → quatre-vingt-un chapitres
    # ordinals, fractions
    le 1er janvier et la 1re fois → le premier janvier et la première fois
    la 2e fois, le 3ème homme → la deuxième fois, le troisième homme
    le 91e jour → le quatre-vingt-onzième jour
    le 21e siècle → le vingt-et-unième siècle
    les 1ers jours → les premiers jours
    la 2nde guerre → la seconde guerre
    1/2 tasse → une demi-tasse
    1/2 litre → un demi-litre
    3/4 d'heure → trois quarts d'heure
    1/3 des gens → un tiers des gens
    2 1/2 tasses → deux tasses et demie
    1 1/2 tasses → une tasse et demie
    3 ½ km → trois kilomètres et demi
    ½ l de lait → un demi-litre de lait
    15/20 → quinze sur vingt
    # money
    5,3 milliards d'euros → cinq virgule trois milliards d'euros
    5,3 M€ → cinq virgule trois millions d'euros
    1,2 Md€ → un virgule deux milliard d'euros
    2 M$ → deux millions de dollars
    1 000 000 € → un million d'euros
    3,50 € → trois euros cinquante
    0,99 € → quatre-vingt-dix-neuf centimes
    1 € → un euro
    21 € → vingt-et-un euros
    5,00 € → cinq euros
    1 234,50 € → mille deux cent trente-quatre euros cinquante
    5 $ US → cinq dollars américains
    5 000 $ → cinq mille dollars
    £200 → deux cents livres
    21 £ → vingt-et-une livres
    12 €/kg → douze euros par kilogramme
    100 CHF → cent francs suisses
    # percent, units
    20 % → vingt pour cent
    10–20 % → dix à vingt pour cent
    12,5 % → douze virgule cinq pour cent
    37,5 °C → trente-sept virgule cinq degrés Celsius
    100 km/h → cent kilomètres-heure
    5 m² → cinq mètres carrés
    1 kg → un kilogramme
    16 Go → seize gigaoctets
    5 kWh → cinq kilowattheures
    21 h → vingt-et-une heures
    1 t → une tonne
    45° → quarante-cinq degrés
    # dates, years, times
    2026-05-12 → douze mai deux mille vingt-six
    1/5/2026 → premier mai deux mille vingt-six
    le 12 mai 2026 → le douze mai deux mille vingt-six
    1er mai → premier mai
    le 14 juil. 1789 → le quatorze juillet mille sept cent quatre-vingt-neuf
    en mai 12 personnes → en mai douze personnes
    les années 1990 → les années mille neuf cent quatre-vingt-dix
    les années 80 → les années quatre-vingts
    les années '80 → les années quatre-vingts
    en 1999 → en mille neuf cent quatre-vingt-dix-neuf
    en 800 → en huit cents
    14h30 → quatorze heures trente
    14 h 30 → quatorze heures trente
    14:30 → quatorze heures trente
    à 8h → à huit heures
    21h01 → vingt-et-une heures une
    1:02:03 → une heure deux minutes et trois secondes
    1 h 30 min → une heure trente
    # Roman numerals
    XIXe siècle → dix-neuvième siècle
    aux XVe et XVIe siècles → aux quinzième et seizième siècles
    la Ve République → la cinquième République
    Louis XIV → Louis quatorze
    François Ier → François premier
    Élisabeth Ire → Élisabeth première
    Napoléon III → Napoléon trois
    chapitre IV → chapitre quatre
    acte II → acte deux
    XVIIIᵉ siècle → dix-huitième siècle
    CV et MIX → CV et MIX
    # abbreviations
    M. Dupont et Mme Martin → monsieur Dupont et madame Martin
    MM. Dupont et Durand → messieurs Dupont et Durand
    Dr Petit → docteur Petit
    St-Denis, Ste-Marie → Saint-Denis, Sainte-Marie
    en 52 av. J.-C. → en cinquante-deux avant Jésus-Christ.
    p. ex. ceci, c.-à-d. cela → par exemple ceci, c'est-à-dire cela
    des pommes, des poires, etc. → des pommes, des poires, et cetera.
    n° 7 → numéro sept
    No 7 → numéro sept
    Non. No. → Non. No.
    12, av. Foch → douze, avenue Foch
    bd Haussmann → boulevard Haussmann
    # telephones, addresses, versions
    Tél. : 01 23 45 67 89 → téléphone : zéro un, vingt-trois, quarante-cinq, soixante-sept, quatre-vingt-neuf
    06.12.34.56.78 → zéro six, douze, trente-quatre, cinquante-six, soixante-dix-huit
    +33 1 23 45 67 89 → plus trente-trois, un, vingt-trois, quarante-cinq, soixante-sept, quatre-vingt-neuf
    anna.b@exemple.fr → anna point b arobase exemple point fr
    https://www.exemple.fr/a-b?x=1 → exemple point fr barre oblique a tiret b
    @nom_x → arobase nom tiret bas x
    #LibreAccès → hashtag Libre Accès
    # symbols, fixed tokens
    R&D → R et D
    5+3=8 → cinq plus trois égale huit
    § 5 → paragraphe cinq
    ±5 → plus ou moins cinq
    ≈ 5 → environ cinq
    +3 points → plus trois points
    3 × 4 m → trois sur quatre mètres
    3 × 4 × 5 cm → trois sur quatre sur cinq centimètres
    version 3.11.2 → version trois point onze point deux
    24/7 → vingt-quatre heures sur vingt-quatre et sept jours sur sept
    # what is left to the engine
    A4, MP3, H2O → A4, MP3, H2O
    ouvert 24h/24 et 7j/7 → ouvert vingt-quatre heures sur vingt-quatre et sept jours sur sept
    [fr-CH]
    91 → nonante-et-un
    CHF 1'234.50 → mille deux cent trente-quatre francs cinquante
    12.00 francs → douze francs
    1'234.50 mètres → mille deux cent trente-quatre virgule cinquante mètres
    1'234,50 CHF → mille deux cent trente-quatre francs suisses cinquante
    [fr-BE]
    75 → septante-cinq
    """,
)


@pytest.mark.parametrize("row", TABLE, ids=lambda row: f"{row[0]} {row[1]}")
def test_it_is_said_in_words(row: Row) -> None:
    language, source, words = row
    assert said(source, language) == words


def test_it_is_heard_as_its_words() -> None:
    assert unlike(TABLE) == []
