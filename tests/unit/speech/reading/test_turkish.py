from __future__ import annotations

import pytest

from tests.unit.speech.reading.rows import Row, rows, said, unlike

TABLE = rows(
    "tr",
    """
    # cardinals, decimals, signs, ranges
    1.234.567 → bir milyon iki yüz otuz dört bin beş yüz altmış yedi
    4.000 kişi → dört bin kişi
    2,5 saat → iki buçuk saat
    3,14 → üç virgül on dört
    0,05 → sıfır virgül sıfır beş
    10–15 km → on ila on beş kilometre
    -5 °C → eksi beş santigrat derece
    # suffixes
    5'te, 6'da, 9'dan, 3'ü → beşte, altıda, dokuzdan, üçü
    4'ü ve 4'te → dördü ve dörtte
    5’e kadar → beşe kadar
    1999'da doğdu → bin dokuz yüz doksan dokuzda doğdu
    1990'lı yıllar → bin dokuz yüz doksanlı yıllar
    80'lerin sonu → seksenlerin sonu
    2'şer → ikişer
    3'üncü ve 2'nci → üçüncü ve ikinci
    4'üncüsü → dördüncüsü
    5'teki → beşteki
    5 km'lik yol → beş kilometrelik yol
    100 TL'ye → yüz liraya
    %20'si → yüzde yirmisi
    2026'nın → iki bin yirmi altının
    # percent, units, fractions
    %5 → yüzde beş
    %5-10 → yüzde beş ila on
    %2,5 → yüzde iki buçuk
    100 km/sa → saatte yüz kilometre
    3 m² → üç metrekare
    90 dk → doksan dakika
    2 kg → iki kilogram
    1/2 l → yarım litre
    3/4 → dörtte üç
    2 ½ saat → iki buçuk saat
    # money
    5 TL → beş lira
    12,50 TL → on iki lira elli kuruş
    ₺1.234,50 → bin iki yüz otuz dört lira elli kuruş
    0,99 TL → doksan dokuz kuruş
    $5 → beş dolar
    5,3 milyar dolar → beş virgül üç milyar dolar
    1,5 milyon euro → bir buçuk milyon euro
    # dates, times
    3 Mayıs 2026 → üç Mayıs iki bin yirmi altı
    3 MAYIS → üç Mayıs
    12.05.2026'da → on iki Mayıs iki bin yirmi altıda
    2026-05-12 → on iki Mayıs iki bin yirmi altı
    Kasım 1938 → Kasım bin dokuz yüz otuz sekiz
    12.30'da → on iki otuzda
    saat 14.30 → saat on dört otuz
    saat 15.00'te → saat on beşte
    09:05'te → dokuz sıfır beşte
    09.00-17.30 arası → dokuz ila on yedi otuz arası
    1:02:03 → bir saat iki dakika üç saniye
    # ordinals, Roman numerals
    3. kat → üçüncü kat
    1. Dünya Savaşı → birinci Dünya Savaşı
    Yaşı 5. Sonra gitti. → Yaşı beş. Sonra gitti.
    II. Mehmed → İkinci Mehmed
    XX. yüzyıl → yirminci yüzyıl
    Bölüm IV → Bölüm dört
    # abbreviations
    elma, armut vb. → elma, armut ve benzeri.
    Dr. Kaya ve Prof. Dr. Demir → Doktor Kaya ve Profesör Doktor Demir
    bkz. s. 5 → bakınız sayfa beş
    MÖ 44 → milattan önce kırk dört
    Atatürk Cad. No: 5 → Atatürk Caddesi numara beş
    # addresses, telephones, symbols
    bilgi@ornek.com → bilgi et ornek nokta com
    www.ornek.com.tr/a → ornek nokta com nokta tr eğik çizgi a
    0212 123 45 67 → sıfır iki bir iki, bir iki üç, dört beş, altı yedi
    Kaya & Oğlu → Kaya ve Oğlu
    5 + 3 = 8 → beş artı üç eşittir sekiz
    3.11.2 → üç nokta on bir nokta iki
    """,
)


@pytest.mark.parametrize("row", TABLE, ids=lambda row: f"{row[0]} {row[1]}")
def test_it_is_said_in_words(row: Row) -> None:
    language, source, words = row
    assert said(source, language) == words


def test_it_is_heard_as_its_words() -> None:
    assert unlike(TABLE) == []
