"""What exported files are called: by their digest, and by what they were seen to be, never as they came."""

from typing import Final

from daylight.domain.digest import Digest

# By the container that sniffing names. What a double click would run, and what is not known, is .bin.
_ENDINGS: Final = {
    "7z": ".7z",
    "aac": ".aac",
    "aiff": ".aiff",
    "amr": ".amr",
    "asf": ".asf",
    "au": ".au",
    "avi": ".avi",
    "bmp": ".bmp",
    "bzip2": ".bz2",
    "caf": ".caf",
    "dhav": ".dav",
    "docx": ".docx",
    "epub": ".epub",
    "flac": ".flac",
    "flv": ".flv",
    "gif": ".gif",
    "gzip": ".gz",
    "h264": ".h264",
    "heif": ".heic",
    "hevc": ".h265",
    "ivf": ".ivf",
    "jpeg": ".jpg",
    "m4v": ".m4v",
    "matroska": ".mkv",
    "mjpeg": ".mjpeg",
    "mp3": ".mp3",
    "mp4": ".mp4",
    "mpeg": ".mpg",
    "mpegts": ".ts",
    "mpegvideo": ".m2v",
    "mxf": ".mxf",
    "ogg": ".ogg",
    "pdf": ".pdf",
    "png": ".png",
    "pptx": ".pptx",
    "rm": ".rm",
    "rtf": ".rtf",
    "tar": ".tar",
    "text": ".txt",
    "tiff": ".tif",
    "w64": ".w64",
    "wav": ".wav",
    "webp": ".webp",
    "xlsx": ".xlsx",
    "xz": ".xz",
    "y4m": ".y4m",
    "zip": ".zip",
    "zstd": ".zst",
}


def file_name(digest: Digest, container: str) -> str:
    """``<sha256>.mp4``. ``container``: the name that sniffing gave, empty if nobody has looked."""
    return digest.hex() + _ENDINGS.get(container, ".bin")
