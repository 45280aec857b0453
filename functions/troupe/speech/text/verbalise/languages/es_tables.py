"""Spanish: tables."""

from __future__ import annotations

from troupe.speech.text.verbalise.languages.romance import (
    FEMININE,
    NUMBER,
    Gender,
    money,
    noun,
)
from troupe.speech.text.verbalise.rules import Currency, Scale

WORDS = {
    "minus": "menos",
    "plus": "más",
    "plus_minus": "más menos",
    "to": "a",
    "by": "por",
    "times": "por",
    "divided": "dividido entre",
    "equals": "igual a",
    "not_equal": "distinto de",
    "about": "aproximadamente",
    "less": "menos de",
    "more": "más de",
    "smaller": "menor que",
    "greater": "mayor que",
    "at_most": "como máximo",
    "at_least": "como mínimo",
    "and": "y",
    "at": "arroba",
    "dot": "punto",
    "slash": "barra",
    "dash": "guion",
    "underscore": "guion bajo",
    "hashtag": "hashtag",
    "number": "número",
    "section": "párrafo",
    "sections": "párrafos",
    "version": "versión",
}

GENDER = Gender(
    feminine_ends=(
        *("as", "a", "ción", "ciones", "sión", "siones", "dad", "dades", "tud", "tudes"),
        *("umbre", "umbres"),
    ),
    feminine=frozenset(
        (
            *("mano", "manos", "foto", "fotos", "moto", "motos", "radio", "radios", "noche"),
            *("noches", "vez", "veces", "mujer", "mujeres", "calle", "calles", "tarde"),
            *("tardes", "clase", "clases", "flor", "flores", "llave", "llaves", "nave"),
            *("naves", "serie", "series", "parte", "partes", "fase", "fases", "torre"),
            *("torres", "muerte", "muertes", "imagen", "imágenes", "voz", "voces", "luz"),
            *("luces", "ley", "leyes", "orden", "órdenes", "base", "bases", "frase", "frases"),
        )
    ),
    masculine_ends=("os", "o", "es", "or", "ores", "ón", "aje", "ajes"),
    masculine=frozenset(
        (
            *("día", "días", "mes", "meses", "año", "años", "mapa", "mapas", "planeta"),
            *("planetas", "problema", "problemas", "tema", "temas", "sistema", "sistemas"),
            *("programa", "programas", "idioma", "idiomas", "clima", "climas", "poema"),
            *("poemas", "atleta", "atletas", "turista", "turistas", "artista", "artistas"),
            *("futbolista", "futbolistas", "periodista", "periodistas", "kilo", "kilos"),
            *("grama", "gramas", "centímetro", "metro", "gol", "goles", "bar", "bares"),
            *("huevo", "huevos", "país", "países", "puesto", "lugar", "hombre", "hombres"),
            *("policía", "policías", "guardia", "guardias", "colega", "colegas", "sofá"),
        )
    ),
)
# What begins as a noun does after a number, and is none.
NO_NOUNS = (
    "los|las|es|nos|antes|después|entonces|era|eran|estaba|estaban|para|hasta|hacia|desde|contra|"
    "sobre|como|pero|cuando|cada|ahora|menos|esta|este|esto|estos|estas|otra|otro|otros|otras|"
    "mientras|aunque|cuyo|cuya|todo|todos|toda|todas|será|había|hubo|sino|luego|nada|ella|ellas|"
    "ellos|además|entre|tiene|tienes|puede|debe|muestra|trata|dice|cuenta|habla|explica|empieza|"
    "comienza|queda|gana|llega|tuvo|fue|pasó|por|empezó|terminó|murió|nació"
)
AFTER_NOUN = (
    "capítulo|página|artículo|número|línea|grupo|tipo|fase|día|tomo|volumen|sección|parte|tema|"
    "lección|figura|tabla|unidad|ejercicio|paso|sala|puerta|planta|canal|nivel|el|del|al"
)

NOUNS = {
    "decibel": noun("decibelio", "decibelios"),
    "amp": noun("amperio", "amperios"),
    "rpm": noun("revolución por minuto", "revoluciones por minuto", FEMININE),
    "mbps": noun("megabit por segundo", "megabits por segundo"),
    "horse": noun("caballo", "caballos"),
    "kilo": noun("kilo", "kilos"),
    "teaspoon": noun("cucharadita", "cucharaditas", FEMININE),
    "tablespoon": noun("cucharada", "cucharadas", FEMININE),
    "kwh": noun("kilovatio hora", "kilovatios hora"),
}

UNITS = {
    "kWh": "kwh",
    "Km": "length-kilometer",
    "Km/h": "speed-kilometer-per-hour",
    "kms": "length-kilometer",
    "Kg": "mass-kilogram",
    "kgs": "mass-kilogram",
    "gr": "mass-gram",
    "grs": "mass-gram",
    "mts": "length-meter",
    "lt": "volume-liter",
    "lts": "volume-liter",
    "dB": "decibel",
    "A": "amp",
    "rpm": "rpm",
    "r. p. m.": "rpm",
    "Mbps": "mbps",
    "Mb/s": "mbps",
    "CV": "horse",
    "hs": "duration-hour",
    "hrs": "duration-hour",
    "hrs.": "duration-hour",
    "h.": "duration-hour",
    "min.": "duration-minute",
    "mins": "duration-minute",
    "seg": "duration-second",
    "seg.": "duration-second",
    "lb": "mass-pound",
    "lbs": "mass-pound",
    "oz": "mass-ounce",
    "cdta.": "teaspoon",
    "cdtas.": "teaspoon",
    "cda.": "tablespoon",
    "cdas.": "tablespoon",
}

UNIT_RULESETS = {
    "concentr-percent": NUMBER,
    "concentr-permille": NUMBER,
    **dict.fromkeys(
        (
            *("duration-hour", "mass-tonne", "area-hectare", "energy-kilocalorie"),
            *("mass-pound", "mass-ounce", "length-inch", "concentr-part-per-1e6"),
        ),
        FEMININE,
    ),
}

CENTS = noun("centavo", "centavos")
_CENTIMES = noun("céntimo", "céntimos")
MONEY = {
    "dollar": money("dólar", "dólares", CENTS),
    "peso": money("peso", "pesos", CENTS),
    "cent": Currency(CENTS),
    "sol": money("sol", "soles", _CENTIMES),
    "colon": money("colón", "colones", _CENTIMES),
    "peseta": money("peseta", "pesetas", None, FEMININE),
    "EUR": money("euro", "euros", _CENTIMES),
    "USD": money("dólar estadounidense", "dólares estadounidenses", CENTS),
    "GBP": money("libra", "libras", noun("penique", "peniques"), FEMININE),
    "JPY": money("yen", "yenes"),
    "INR": money("rupia", "rupias", None, FEMININE),
    "RUB": money("rublo", "rublos"),
    "CHF": money("franco suizo", "francos suizos", _CENTIMES),
    "BRL": money("real", "reales", CENTS),
    "MXN": money("peso mexicano", "pesos mexicanos", CENTS),
    "SEK": money("corona sueca", "coronas suecas", None, FEMININE),
    "NOK": money("corona noruega", "coronas noruegas", None, FEMININE),
    "DKK": money("corona danesa", "coronas danesas", None, FEMININE),
    "CZK": money("corona checa", "coronas checas", None, FEMININE),
    "TRY": money("lira turca", "liras turcas", None, FEMININE),
    "EGP": money("libra egipcia", "libras egipcias", None, FEMININE),
}
CURRENCIES = {
    "US$": "USD",
    "U$S": "USD",
    "S/": "sol",
    "₡": "colon",
    "MX$": "MXN",
    "pts.": "peseta",
    "ptas.": "peseta",
    "¢": "cent",
}
PESOS = frozenset(("MX", "AR", "CL", "CO", "UY", "DO", "CU"))

_MILLIONS = {"one": "millón", "other": "millones"}
SCALES = {
    "mil": Scale(3),
    "mil millones": Scale(9),
    "millón": Scale(6),
    "millones": Scale(6),
    "billón": Scale(12),
    "billones": Scale(12),
    "k": Scale(3, {"other": "mil"}, True),
    "M": Scale(6, _MILLIONS, True),
    "MM": Scale(6, _MILLIONS, True),
    "mill.": Scale(6, _MILLIONS),
}

FIXED = {
    "24/7": "veinticuatro siete",
    "50/50": "cincuenta cincuenta",
    "y/o": "y o",
    "I+D": "I más D",
    "I+D+i": "I más D más i",
    "9/11": "nueve once",
    "11-S": "once ese",
    "11-M": "once eme",
}

ROMAN_NUMBERS = frozenset(
    (
        *("capítulo", "parte", "acto", "escena", "volumen", "libro", "sección", "artículo"),
        *("tomo", "título", "fase", "tipo", "anexo", "episodio", "canto", "salmo", "figura"),
        *("tabla", "guerra", "mundial", "vol", "cap", "nivel", "número", "grado"),
    )
)
CENTURIES = "siglos?|Siglos?|ss?"
FEMININE_NAMES = frozenset(
    ("Isabel", "Catalina", "María", "Cleopatra", "Juana", "Margarita", "Berenguela")
)
ROMAN_NAMES = FEMININE_NAMES | frozenset(
    (
        *("siglo", "siglos", "Siglo", "Siglos", "s", "ss"),
        *("Alfonso", "Felipe", "Carlos", "Fernando", "Juan", "Pablo", "Luis", "Enrique"),
        *("Jaime", "Pedro", "Sancho", "Ramiro", "Ordoño", "Bermudo", "García", "Amadeo"),
        *("Napoleón", "Jorge", "Eduardo", "Ricardo", "Guillermo", "Nicolás", "Alejandro"),
        *("Benedicto", "Pío", "León", "Gregorio", "Clemente", "Inocencio", "Urbano"),
        *("Bonifacio", "Sixto", "Julio", "Esteban", "Constantino", "Leopoldo", "Alberto"),
        *("Balduino", "Rodolfo", "Maximiliano", "José", "Federico", "Roberto", "Ramsés"),
        *("Ptolomeo", "Darío", "Jerjes", "Mehmed", "Francisco", "Jacobo", "Manuel"),
    )
)

YEAR_BEFORE = (
    "en|desde|hacia|hasta|año|años|enero|febrero|marzo|abril|mayo|junio|julio|agosto|septiembre|"
    "setiembre|octubre|noviembre|diciembre|verano|otoño|invierno|primavera"
)

MEASURES = (
    "tazas?|cucharadas?|cucharaditas?|horas?|litros?|vasos?|kilos?|docenas?|metros?|kilómetros?|"
    "botellas?|cebollas?|limones|limón|siglos?|años?|libras?"
)
DENOMINATORS: dict[int, str] = {
    2: "medio",
    3: "tercio",
    12: "doceavo",
    16: "dieciseisavo",
    20: "veinteavo",
    32: "treintaidosavo",
    64: "sesentaicuatroavo",
}
