"""How stage directions begin, and how asides in prose do. Folded as `str.casefold` does."""

from __future__ import annotations


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


# What people and sounds do. Words that mean something else in another language are left out.
ACTS = _words("""
    applause beat cheers chuckles claps clears coughs cries crosstalk exhales gasps giggles grins
    groans growls grunts gulps hesitates hums inaudible inhales laughs laughter moans murmurs nods
    pauses screams shouts shrieks shrugs sighs silence sings smiles smirks sniffles sniffs snorts
    sobs stammers stutters swallows unintelligible weeps whimpers whispers whistles winks yawns
    yells
    applaus flüstert grinst gähnt hustet kichert lacht lächelt nickt räuspert schluchzt schreit
    schweigt seufzt stille stöhnt weint zögert
    applaudissements bâille chuchote crie hésite pleure rires sanglote soupir soupire sourit tousse
    aplausos grita llora risas ríe silencio solloza sonríe suspira suspiro susurra tose
    applausi piange risata risate silenzio sorride sospira sospiro sussurra tossisce
    chora risos silêncio sorri
    аплодисменты вздыхает кричит молчит плачет смеется смеётся смех шепчет
    szlocha szepcze wzdycha
    웃음 한숨 침묵 박수
    笑 笑い 笑う 大笑 微笑 苦笑 泣 泣く 哭 叹气 嘆氣 ため息 咳 間 沈黙 沉默 停顿 停頓 拍手 掌声 掌聲
""")
# How something is said: a direction in brackets, but not between asterisks at the end of a line.
_MANNERS = _words("""
    angrily chuckling coughing crying gasping giggling laugh laughing loudly pause quietly sadly
    shouting sigh sighing smiling sobbing softly whispering yelling
    flüsternd lachend leise seufzend weinend chuchotant pleurant riant souriant
    llorando pausa riendo susurrando piangendo ridendo chorando rindo пауза шёпотом шепотом
    웃으며 小声 小聲 低声 低聲
""")
USUAL = ACTS | _MANNERS
# How an aside begins that is spoken: "(see above)", "(but not today)".
ASIDES = _words("""
    see cf eg ie i i'm i've i'd i'll we you and but or not which that who including especially
    although though because if so yes no well
    siehe vgl ich wir und aber oder nicht das die der voir je nous et mais ou pas qui que
    véase yo y pero o no vedi io e ma che ver eu mas
""")
