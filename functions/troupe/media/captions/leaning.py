"""Small words that belong to what follows, in the commonest languages of Latin script.

A list of a language may be used for another: a form that both have then breaks a line a little
earlier or later, no more.
"""

# A line does not end with an article, or with what stands in its place.
ARTICLES = frozenset(
    (  # noqa: SIM905 - a hundred short words are easier to read as text
        "a an the my your his her its our their "
        "le la les un une des du de au aux ce cet cette ces mon ma mes ton ta tes son sa ses "
        "el los las uno una unos unas lo del al su sus mi mis tu tus "
        "il gli i dei delle della dello degli "
        "o os as um uma uns umas do da dos das no na nos nas ao à "
        "der die das dem den ein eine einen einem einer eines kein keine "
        "het een"
    ).split()
)

# A line is better broken before a conjunction or a preposition than after it.
LEADING = frozenset(
    (  # noqa: SIM905
        "and or but nor so because when while if although though since until unless who which "
        "where of to in on at by for from with without into onto over under after before about "
        "through than except like as "
        "et ou mais donc car que qui où quand si comme dans en sur sous par pour avec sans chez "
        "vers entre "
        "y e u pero sino porque cuando aunque como donde con sin sobre hasta desde "
        "und oder aber denn dass weil wenn als ob obwohl im am an auf aus bei mit nach seit von "
        "vor zu zum zur für über unter durch gegen ohne um "
        "ma perché quando che per tra fra mas quando em com sem"
    ).split()
)
