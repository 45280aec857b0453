"""The words that screenplays, plays and transcripts use beside what is spoken, in English, German,
French, Spanish, Italian, Portuguese and some other languages. Folded as `str.casefold` does."""

from __future__ import annotations


def _phrases(text: str) -> frozenset[str]:
    return frozenset(" ".join(phrase.split()) for phrase in text.split("|"))


TRANSITIONS = _phrases(
    """fade in|fade out|fades in|fades out|fade to|fade to black|fade to white|fade up|fade up on|
    cut to|cut to black|smash cut|smash cut to|match cut|match cut to|jump cut|jump cut to|
    hard cut to|dissolve to|dissolve|wipe to|iris in|iris out|intercut|intercut with|back to scene|
    time cut|freeze frame|blackout|black out|lights up|lights down|lights out|lights fade|
    curtain rises|curtain falls|the curtain rises|the curtain falls|
    schnitt|schnitt auf|schnitt zu|aufblende|abblende|überblendung|überblendung zu|überblenden zu|
    schwarzblende|vorhang auf|licht aus|
    coupe à|coupe sur|cut sur|fondu au noir|fondu enchaîné|fondu|ouverture en fondu|
    fermeture en fondu|
    corte a|corte a negro|funde a|funde a negro|fundido a negro|fundido|disolvencia a|
    stacco|stacco su|taglio a|dissolvenza|dissolvenza a nero|dissolvenza su|
    corta para|corte para|corte seco para|fusão para|escurece|затемнение"""
)
ENDINGS = _phrases(
    """the end|end|fin|ende|fine|fim|kraj|koniec|конец|einde|slut|slutt|loppu|sfârșit|终|終|完|劇終|
    剧终|おわり|終わり|끝|النهاية|समाप्त|curtain|vorhang|rideau|telon|telón|sipario|cai o pano|pano|
    black|blackout|to be continued|fortsetzung folgt|à suivre|continuará|continua"""
)
# A line that begins with one of these and a colon is for the sound or the light.
CUES = _phrases(
    """sfx|fx|vfx|gfx|sound|sounds|sound effect|sound effects|sound fx|sound cue|music|music cue|
    bgm|ambience|ambiance|ambient sound|atmos|atmo|lighting|stage direction|stage directions|
    geräusch|geräusche|geräuscheffekt|soundeffekt|soundeffekte|musik|regie|regieanweisung|
    bruitage|bruitages|bruit|bruits|effet sonore|effets sonores|musique|didascalie|
    sonido|sonidos|efecto|efectos|efecto sonoro|efectos sonoros|efecto de sonido|música|acotación|
    suono|suoni|effetto|effetti|effetto sonoro|effetti sonori|rumore|rumori|musica|didascalia|
    efeito|efeitos|efeito sonoro|efeitos sonoros|som|sons|ruído|ruídos|rubrica|
    geluid|geluiden|muziek|geluidseffect|dźwięk|muzyka|didaskalia|звук|звуки|музыка|шум|
    müzik|efekt|مؤثرات|مؤثرات صوتية|موسيقى|ध्वनि|संगीत|
    効果音|音楽|音效|音乐|音樂|효과음|음악"""
)
# Only in capitals, or between speeches: sentences begin with them, and people have such names.
NOTES = _phrases(
    """note|notes|nb|setting|scene|time|place|location|lights|light|song|beat|pause|silence|at rise|
    se|ton|son|licht|szene|ort|zeit|anmerkung|hinweis|remarque|lieu|décor|scène|lumière|nota|
    escena|lugar|luz|luces|scena|luogo|luci|cena|local|characters|cast|cast of characters|
    dramatis personae|personen|besetzung|personnages|distribution|personajes|reparto|personaggi|
    personagens|elenco|登場人物|登场人物|人物|場所|地点|時間|时间"""
)
CAST_LISTS = _phrases(
    """characters|cast|cast of characters|dramatis personae|personen|besetzung|personnages|
    distribution|personajes|reparto|personaggi|personagens|elenco|登場人物|登场人物"""
)
# Of Fountain's title page.
TITLE_KEYS = _phrases(
    """title|credit|author|authors|written by|by|source|notes|draft date|date|contact|contact info|
    copyright|revision|format|language|episode|series|titel|autor|autorin|datum|titre|auteur|
    autrice|título|fecha|titolo|autore|data"""
)
# Where a voice is heard, not how it speaks: `ANNA (O.S.)`. Without spaces, dots and apostrophes.
EXTENSIONS = _phrases(
    """os|vo|oc|fs|offscreen|offcamera|voiceover|off|on|contd|cont|continued|continuing|more|prelap|
    voixoff|horschamp|hc|suite|vozenoff|voceoff|fuoricampo|vocefuoricampo|fc|fortsetzung|forts|
    weiter|ausdemoff|imoff|continúa|continuación|segue|continua|画外音"""
)
