"""Writes the tables of docs/licences.md: `python -m tools.licences`, or `make licences`."""

from __future__ import annotations

from importlib.metadata import distribution

from tools.locks import DEPLOYED, EXTRAS, ROOT, locked

PAGE = ROOT / "docs" / "licences.md"
NOT_STATED = "not stated"

# Third-party code in a wheel, or why its licence is not a problem. Packages with a copyleft
# licence, or without a stated one, must be explained here.
NOTES = {
    "av": "FFmpeg with x264 and x265; GPL, [see below](#ffmpeg-in-pyavs-wheels)",
    "certifi": "Mozilla's list of certificates, unchanged",
    "cryptography": "OpenSSL, Apache-2.0",
    "ctranslate2": "MKL and oneDNN of Intel, and GCC's runtime, [see below](#lgpl-and-mpl)",
    "espeakng-loader": "espeak-ng and its voices, GPL-3.0-or-later, [see below](#espeak-ng)",
    "faster-whisper": "Silero's model of voice activity, MIT",
    "fasttext-predict": "fastText, MIT",
    "flask-openapi-swagger": "Swagger UI, Apache-2.0",
    "fxtranslate": "[see below](#lgpl-and-mpl)",
    "google-crc32c": "crc32c, BSD-3-Clause",
    "grpcio": "BoringSSL, c-ares and others, all permissive",
    "noto-cjk-sans-otc": "Noto Sans CJK, [see below](#fonts)",
    "numpy": "OpenBLAS, BSD-3-Clause; GCC's runtime, [see below](#lgpl-and-mpl)",
    "onnxruntime": "Eigen, MPL-2.0, [see below](#lgpl-and-mpl); others, all permissive",
    "pillow": "libraries for image formats, all permissive",
    "python-bidi": "[see below](#lgpl-and-mpl)",
    "tqdm": "[see below](#lgpl-and-mpl)",
    "babel": "the data of CLDR, Unicode-3.0",
    "icu4py": "ICU and its data, Unicode-3.0",
    "uharfbuzz": "HarfBuzz, MIT",
}


def page(text: str) -> str:
    """The page with its tables regenerated from the locks and the installed packages."""
    deployed = {name for name, pin in locked(DEPLOYED).items() if pin.in_the_cloud}
    extras = {name for name, pin in locked(EXTRAS).items() if pin.in_the_cloud}
    for title, names in (("deployed", deployed), ("extras", extras - deployed)):
        before, start, rest = text.partition(f"<!-- {title} -->\n")
        _, end, after = rest.partition("<!-- end -->")
        if not end:
            raise ValueError(f"{PAGE.name} has no place for the table `{title}`")
        text = before + start + _table(names) + end + after
    return text


def licence(package: str) -> str:
    """The licence as an installed package's metadata states it; `NOT_STATED` otherwise.

    Raises PackageNotFoundError.
    """
    metadata = distribution(package).metadata
    if "License-Expression" in metadata:
        return metadata["License-Expression"]
    stated = metadata["License"].strip() if "License" in metadata else ""
    if stated and "\n" not in stated and "://" not in stated and stated != "UNKNOWN":
        return stated
    kinds = [
        classifier.rpartition(" :: ")[2]
        for classifier in metadata.get_all("Classifier") or []
        if classifier.startswith("License ::")
    ]
    return ", ".join(kinds) or NOT_STATED


def _table(names: set[str]) -> str:
    rows = [f"| {name} | {licence(name)} | {NOTES.get(name, '')} |\n" for name in sorted(names)]
    return "".join(["| package | licence | with it |\n|---|---|---|\n", *rows])


if __name__ == "__main__":
    PAGE.write_text(page(PAGE.read_text()))
