"""Small pictures, and the folders and archives that hold them, made by code."""

import io
import struct
import tarfile
import zipfile
import zlib

import numpy as np
from PIL import Image


def noise(*shape, seed=0):
    """Give random uint8 pixels."""
    return np.random.default_rng(seed).integers(0, 256, shape, dtype=np.uint8)


def plain(value, shape=(4, 5, 3)):
    """Give pixels that all have one value."""
    return np.broadcast_to(np.asarray(value, np.uint8), shape)


def encode(pixels, form="PNG", *, mode=None, **options):
    """Write pixels, (H, W), (H, W, 1 to 4) or a Pillow image, as a file of one of Pillow's formats."""
    if not isinstance(pixels, Image.Image):
        pixels = Image.fromarray(np.ascontiguousarray(pixels.squeeze(2) if pixels.shape[2:] == (1,) else pixels))
    buffer = io.BytesIO()
    (pixels.convert(mode) if mode else pixels).save(buffer, form, **options)
    return buffer.getvalue()


def png_with_header(*, height, width, depth, colour_type, rows):
    """Write a PNG by hand: what Pillow cannot write (16-bit colours), or a header that lies about its size."""
    header = struct.pack(">IIBBBBB", width, height, depth, colour_type, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + _chunk(b"IHDR", header) + _chunk(b"IDAT", zlib.compress(rows)) + _chunk(b"IEND", b"")


def _chunk(kind, data):
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def grey_tiff(*, width, height, bits, pixels, tags=None):
    """Write a grey TIFF by hand, one strip, uncompressed; other tags win or are added at the end."""
    tags = {256: width, 257: height, 258: bits, 259: 1, 262: 1, 273: 8, 277: 1, 278: height, 279: len(pixels)} | (
        tags or {}
    )
    padding = bytes(len(pixels) % 2)
    directory = struct.pack("<H", len(tags)) + b"".join(struct.pack("<HHII", tag, 4, 1, tags[tag]) for tag in tags)
    return b"II*\0" + struct.pack("<I", 8 + len(pixels + padding)) + pixels + padding + directory + bytes(4)


def two_classes(n=3, shape=(4, 5, 3)):
    """Give the files of a tree with the classes cat and dog, n pictures each, no two alike."""
    return {
        f"{name}/{i}.png": encode(noise(*shape, seed=100 * k + i))
        for k, name in enumerate(("cat", "dog"))
        for i in range(n)
    }


def write_files(root, files):
    """Write files below a folder and give the folder."""
    root.mkdir(parents=True, exist_ok=True)
    for name, data in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(data)
    return root


def tar_of(files, *, packing="", others=()):
    """Pack files, and after them other members, as a .tar."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode=f"w:{packing}") as archive:
        for name, data in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(data)
            archive.addfile(member, io.BytesIO(data))
        for member in others:
            archive.addfile(member)
    return buffer.getvalue()


def zip_of(files, *, packing=zipfile.ZIP_DEFLATED):
    """Pack files as a .zip."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", packing) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return buffer.getvalue()


def idx_of(array):
    """Write a uint8 array as an IDX file."""
    return b"\0\0\x08" + bytes([array.ndim]) + struct.pack(f">{array.ndim}I", *array.shape) + array.tobytes()


def npz_of(**arrays):
    """Write arrays as an .npz file."""
    buffer = io.BytesIO()
    np.savez_compressed(buffer, **arrays)
    return buffer.getvalue()


def kinds(problems):
    """Give (kind, where, what) of each problem."""
    return [(problem.kind, problem.where, problem.what) for problem in problems]


def striped_images(n=24):
    """Noise under stripes that run along for class 0 and across for class 1: pixels say little, directions all."""
    images, labels = noise(n, 12, 12, 1) // 8, np.arange(n) % 2
    starts = np.random.default_rng(1).integers(0, 4, n)
    for image, label, start in zip(images, labels, starts, strict=True):
        stripes = image if label == 0 else image.swapaxes(0, 1)
        stripes[start::4] += 200
    return images, labels
