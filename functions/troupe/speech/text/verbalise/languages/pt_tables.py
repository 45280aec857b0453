"""Portuguese: tables."""

from __future__ import annotations

from troupe.speech.text.verbalise.languages.romance import (
    CAPITAL,
    DIGIT,
    FEMININE,
    NUMBER,
    Gender,
    always,
    money,
    noun,
    numbered,
    titles,
)
from troupe.speech.text.verbalise.rules import Abbreviation, Currency, Scale

WORDS = {
    "point": "vírgula",
    "minus": "menos",
    "plus": "mais",
    "plus_minus": "mais ou menos",
    "to": "a",
    "by": "por",
    "times": "vezes",
    "divided": "dividido por",
    "equals": "igual a",
    "not_equal": "diferente de",
    "about": "cerca de",
    "less": "menos de",
    "more": "mais de",
    "smaller": "é menor que",
    "greater": "é maior que",
    "at_most": "no máximo",
    "at_least": "no mínimo",
    "and": "e",
    "at": "arroba",
    "dot": "ponto",
    "slash": "barra",
    "dash": "hífen",
    "underscore": "sublinhado",
    "hashtag": "hashtag",
    "number": "número",
    "section": "parágrafo",
    "sections": "parágrafos",
    "version": "versão",
}

GENDER = Gender(
    feminine_ends=(
        *("as", "a", "ção", "ções", "são", "sões", "dade", "dades", "agem", "agens", "tude"),
    ),
    feminine=frozenset(
        (
            *("mão", "mãos", "foto", "fotos", "moto", "motos", "noite", "noites", "vez", "vezes"),
            *("mulher", "mulheres", "tarde", "tardes", "classe", "classes", "flor", "flores"),
            *("chave", "chaves", "parte", "partes", "fase", "fases", "torre", "torres"),
            *("morte", "mortes", "voz", "vozes", "luz", "luzes", "lei", "leis", "base", "bases"),
            *("cidade", "série", "séries", "ordem", "ordens", "colher", "colheres", "maçã"),
        )
    ),
    masculine_ends=("os", "o", "es", "or", "ores"),
    masculine=frozenset(
        (
            *("dia", "dias", "mês", "meses", "ano", "anos", "mapa", "mapas", "planeta"),
            *("planetas", "problema", "problemas", "tema", "temas", "sistema", "sistemas"),
            *("programa", "programas", "idioma", "idiomas", "clima", "poema", "poemas"),
            *("grama", "gramas", "quilograma", "quilogramas", "atleta", "atletas", "turista"),
            *("turistas", "artista", "artistas", "bilhão", "milhão", "coração", "pão", "pães"),
            *("cinema", "cinemas", "telegrama", "telegramas", "colega", "colegas", "cão"),
        )
    ),
)
# What begins as a noun does after a number, and is none.
NO_NOUNS = (
    "para|pela|pelas|pelo|pelos|uma|umas|uns|nos|nas|dos|das|aos|era|eram|estava|foi|mas|antes|"
    "depois|então|como|cada|agora|menos|esta|este|isto|estes|estas|outra|outro|outros|outras|"
    "enquanto|embora|todo|todos|toda|todas|havia|houve|senão|logo|nada|ela|elas|eles|além|entre|"
    "contra|sobre|quando|quanto|muito|pouco|após|fala|trata|conta|mostra|ganha|começa|termina"
)
AFTER_NOUN = (
    "capítulo|página|artigo|número|linha|grupo|tipo|fase|dia|tomo|volume|seção|secção|parte|tema|"
    "lição|figura|tabela|unidade|exercício|passo|sala|porta|canal|nível|o|do|ao|no"
)

NOUNS = {
    "ton": noun("tonelada", "toneladas", FEMININE),
    "decibel": noun("decibel", "decibéis"),
    "amp": noun("ampere", "amperes"),
    "rpm": noun("rotação por minuto", "rotações por minuto", FEMININE),
    "mbps": noun("megabit por segundo", "megabits por segundo"),
    "horse": noun("cavalo", "cavalos"),
    "teaspoon": noun("colher de chá", "colheres de chá", FEMININE),
    "tablespoon": noun("colher de sopa", "colheres de sopa", FEMININE),
}
UNITS = {
    "t": "ton",
    "Km": "length-kilometer",
    "Km/h": "speed-kilometer-per-hour",
    "Kg": "mass-kilogram",
    "gr": "mass-gram",
    "lt": "volume-liter",
    "dB": "decibel",
    "A": "amp",
    "rpm": "rpm",
    "Mbps": "mbps",
    "cv": "horse",
    "hs": "duration-hour",
    "min.": "duration-minute",
    "seg": "duration-second",
    "seg.": "duration-second",
}
UNIT_RULESETS = {
    "concentr-percent": NUMBER,
    "concentr-permille": NUMBER,
    **dict.fromkeys(
        (
            *("duration-hour", "energy-kilocalorie", "mass-pound", "mass-ounce", "length-inch"),
            "concentr-part-per-1e6",
        ),
        FEMININE,
    ),
}

_CENTAVOS = noun("centavo", "centavos")
_CENTIMOS = noun("cêntimo", "cêntimos")
SCALES = {
    "mil": Scale(3),
    "milhão": Scale(6),
    "milhões": Scale(6),
    "bilhão": Scale(9),
    "bilhões": Scale(9),
    "mil milhões": Scale(9),
    "trilhão": Scale(12),
    "trilhões": Scale(12),
    "k": Scale(3, {"other": "mil"}, True),
    "M": Scale(6, {"one": "milhão", "other": "milhões"}, True),
    "mi": Scale(6, {"one": "milhão", "other": "milhões"}),
    "bi": Scale(9, {"one": "bilhão", "other": "bilhões"}),
    "tri": Scale(12, {"one": "trilhão", "other": "trilhões"}),
}


def monies(region: str) -> dict[str, Currency]:
    """Brazil's hundredth of a euro is a "centavo" too, and its dollar "americano"."""
    cents = _CENTIMOS if region == "PT" else _CENTAVOS
    return {
        "dollar": money("dólar", "dólares", _CENTAVOS),
        "escudo": money("escudo", "escudos", _CENTAVOS),
        "EUR": money("euro", "euros", cents),
        "BRL": money("real", "reais", _CENTAVOS),
        "USD": money("dólar americano", "dólares americanos", _CENTAVOS),
        "GBP": money("libra", "libras", noun("péni", "pence"), FEMININE),
        "JPY": money("iene", "ienes"),
        "INR": money("rupia", "rupias", None, FEMININE),
        "RUB": money("rublo", "rublos"),
        "CHF": money("franco suíço", "francos suíços", cents),
        "MXN": money("peso mexicano", "pesos mexicanos", _CENTAVOS),
        "ARS": money("peso argentino", "pesos argentinos", _CENTAVOS),
        "CAD": money("dólar canadense", "dólares canadenses", _CENTAVOS)
        if region != "PT"
        else money("dólar canadiano", "dólares canadianos", _CENTAVOS),
        "AUD": money("dólar australiano", "dólares australianos", _CENTAVOS),
        "CNY": money("yuan", "yuans"),
    }


_ROMAN = r"\s?[IVX]+\b"
ABBREVIATIONS = {
    **titles(
        {
            "Sr.": "senhor",
            "Sra.": "senhora",
            "Sr.ª": "senhora",
            "Srª": "senhora",
            "Srta.": "senhorita",
            "Srs.": "senhores",
            "D.": "dom",
            "D.ª": "dona",
            "Dr.": "doutor",
            "Dra.": "doutora",
            "Dr.ª": "doutora",
            "Drª": "doutora",
            "Prof.": "professor",
            "Profa.": "professora",
            "Prof.ª": "professora",
            "Profª": "professora",
            "Eng.": "engenheiro",
            "Eng.º": "engenheiro",
            "Gen.": "general",
            "Cel.": "coronel",
            "Cap.": "capitão",
            "Ten.": "tenente",
            "Sto.": "santo",
            "Sta.": "santa",
            "Pe.": "padre",
            "Exmo.": "excelentíssimo",
            "Exma.": "excelentíssima",
        }
    ),
    **{
        short: (Abbreviation(words, "", rf"\sd[aeo]s?\b|{CAPITAL}"),)
        for short, words in (
            ("Av.", "avenida"),
            ("av.", "avenida"),
            ("R.", "rua"),
            ("Pça.", "praça"),
            ("Tv.", "travessa"),
            ("Rod.", "rodovia"),
        )
    },
    **numbered(
        {
            "n.º": "número",
            "N.º": "número",
            "nº": "número",
            "Nº": "número",
            "n°": "número",
            "N°": "número",
            "n.": "número",
            "pág.": "página",
            "págs.": "páginas",
            "pp.": "páginas",
            "p.": "página",
            "cap.": "capítulo",
            "caps.": "capítulos",
            "vol.": "volume",
            "Vol.": "volume",
            "fig.": "figura",
            "Fig.": "figura",
            "tab.": "tabela",
            "art.": "artigo",
            "Art.": "artigo",
            "arts.": "artigos",
            "ed.": "edição",
            "tel.": "telefone",
            "Tel.": "telefone",
            "ref.": "referência",
            "aprox.": "aproximadamente",
            "máx.": "máximo",
            "mín.": "mínimo",
        }
    ),
    "séc.": (Abbreviation("século", "", _ROMAN),),
    "sécs.": (Abbreviation("séculos", "", _ROMAN),),
    "tel.:": (Abbreviation("telefone:", "", DIGIT),),
    "Tel.:": (Abbreviation("telefone:", "", DIGIT),),
    **always(
        {
            "etc.": "etcétera",
            "p. ex.": "por exemplo",
            "por ex.": "por exemplo",
            "a. C.": "antes de Cristo",
            "d. C.": "depois de Cristo",
            "E. U. A.": "Estados Unidos da América",
            "Ltda.": "limitada",
            "Lda.": "limitada",
            "Cia.": "companhia",
            "obs.": "observação",
            "Obs.": "observação",
            "V. Ex.ª": "vossa excelência",
            "vs.": "versus",
            "vs": "versus",
            "et al.": "e outros",
            "dept.": "departamento",
            "depto.": "departamento",
        }
    ),
}
FIXED = {
    "24/7": "vinte e quatro horas por dia, sete dias por semana",
    "50/50": "cinquenta e cinquenta",
    "e/ou": "e ou",
}

ROMAN_NUMBERS = frozenset(
    (
        *("volume", "livro", "título", "fase", "tipo", "anexo", "episódio", "figura", "tabela"),
        *("vol", "nível", "número", "grau", "guerra", "artigo", "seção", "secção"),
    )
)
CENTURIES = "[Ss]éculos?|sécs?"
FEMININE_NAMES = frozenset(
    (
        *("Isabel", "Elizabeth", "Catarina", "Maria", "Cleópatra", "Joana", "Margarida"),
        *("parte", "Parte", "cena", "Cena"),
    )
)
ROMAN_NAMES = FEMININE_NAMES | frozenset(
    (
        # What is counted by ordinals up to the tenth
        *("século", "Século", "séculos", "Séculos", "séc", "sécs", "capítulo", "Capítulo"),
        *("cap", "Cap", "ato", "Ato", "acto", "Acto", "canto", "Canto", "tomo", "Tomo"),
        # Kings and popes
        *("João", "Pedro", "Afonso", "Sancho", "Manuel", "Dinis", "Fernando", "Duarte"),
        *("Sebastião", "Henrique", "Filipe", "José", "Luís", "Carlos", "Miguel", "Paulo"),
        *("Napoleão", "Jorge", "Eduardo", "Ricardo", "Guilherme", "Nicolau", "Alexandre"),
        *("Bento", "Pio", "Leão", "Gregório", "Clemente", "Inocêncio", "Urbano", "Júlio"),
        *("Bonifácio", "Sisto", "Estêvão", "Constantino", "Leopoldo", "Alberto", "Rodolfo"),
        *("Maximiliano", "Frederico", "Francisco", "Ramsés", "Ptolomeu", "Dario", "Xerxes"),
    )
)
YEAR_BEFORE = (
    "em|desde|até|ano|anos|janeiro|fevereiro|março|abril|maio|junho|julho|agosto|setembro|"
    "outubro|novembro|dezembro|verão|outono|inverno|primavera"
)
MEASURES = (
    "xícaras?|chávenas?|colher(?:es)?|horas?|litros?|copos?|quilos?|dúzias?|metros?|quilómetros?|"
    "quilômetros?|garrafas?|cebolas?|anos?"
)
