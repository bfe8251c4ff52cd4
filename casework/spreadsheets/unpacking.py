"""The parts of a workbook's file, unpacked piece by piece, so that one that unpacks to a huge size is refused."""

from __future__ import annotations

import struct
import zipfile
import zlib
from collections.abc import Iterator
from typing import BinaryIO
from xml.parsers import expat

from casework.spreadsheets.errors import BadSpreadsheet

MOST_UNPACKED = 600_000_000
"""Bytes of all parts together."""
_CHUNK = 1 << 18
_MOST_PARTS = 2_000
_LOCAL_HEADER = struct.Struct("<26xHH")
_ENCRYPTED = 1


class Package:
    """The parts of a workbook's file by their names.

    What the file says of the size of its parts is not relied upon: what is unpacked is counted.

    Attributes:
        name: of the file, for sentences.
    """

    def __init__(self, file: BinaryIO, name: str) -> None:
        """List the parts. Raises BadSpreadsheet where it is damaged or protected."""
        self._file, self.name = file, name
        self._unpacked: dict[str, int] = {}
        try:
            with zipfile.ZipFile(file) as listed:
                parts = listed.infolist()
        except (zipfile.BadZipFile, NotImplementedError, ValueError, OSError) as error:
            raise self.damaged() from error
        self._parts = {part.filename: part for part in parts}
        if len(self._parts) != len(parts) or len(parts) > _MOST_PARTS:
            raise self.damaged()
        if any(part.flag_bits & _ENCRYPTED for part in parts):
            raise protected(name)

    def __contains__(self, part: str) -> bool:
        return part in self._parts

    def __iter__(self) -> Iterator[str]:
        return iter(self._parts)

    def damaged(self) -> BadSpreadsheet:
        """The error for a file that is not as such a file must be."""
        return BadSpreadsheet(
            f"{self.name} is damaged or not a spreadsheet; open it and save it as .xlsx again."
        )

    def read(self, part: str) -> Iterator[bytes]:
        """The bytes of a part, piece by piece. Raises BadSpreadsheet where it is damaged or all is too large."""
        info = self._parts.get(part)
        if info is None:
            raise self.damaged()
        before = sum(size for name, size in self._unpacked.items() if name != part)
        size = 0
        for piece in self._inflated(info):
            size += len(piece)
            if before + size > MOST_UNPACKED:
                raise BadSpreadsheet(
                    f"{self.name} unpacks to more than {MOST_UNPACKED // 1_000_000} MB; delete the empty rows "
                    "and columns beside the table, or divide it. Nothing was imported."
                )
            yield piece
        self._unpacked[part] = size

    def parse(self, part: str, parser: expat.XMLParserType) -> None:
        """Have a part parsed. Raises BadSpreadsheet, as :meth:`read`, and where it is no XML."""
        # Nobody's spreadsheet declares entities; who does wants to have them expanded.
        parser.StartDoctypeDeclHandler = self._refuse_declarations
        parser.SetParamEntityParsing(expat.XML_PARAM_ENTITY_PARSING_NEVER)
        try:
            for piece in self.read(part):
                parser.Parse(piece, False)
            parser.Parse(b"", True)
        except expat.ExpatError as error:
            raise self.damaged() from error

    def _refuse_declarations(self, *_: object) -> None:
        raise self.damaged()

    def _inflated(self, info: zipfile.ZipInfo) -> Iterator[bytes]:
        if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            raise self.damaged()
        try:
            self._file.seek(info.header_offset)
            of_name, of_extra = _LOCAL_HEADER.unpack(self._file.read(_LOCAL_HEADER.size))
            self._file.seek(of_name + of_extra, 1)
            left = info.compress_size
            inflate = zlib.decompressobj(-zlib.MAX_WBITS)
            while left > 0 and (data := self._file.read(min(left, _CHUNK))):
                left -= len(data)
                here = self._file.tell()
                if info.compress_type == zipfile.ZIP_STORED:
                    yield data
                else:
                    while data:
                        yield inflate.decompress(data, _CHUNK)
                        data = inflate.unconsumed_tail
                # Between two pieces another part may have been read.
                self._file.seek(here)
        except (zlib.error, struct.error, OSError, ValueError) as error:
            raise self.damaged() from error


def protected(name: str) -> BadSpreadsheet:
    """The error for a file that a password opens."""
    return BadSpreadsheet(f"{name} is protected by a password; save it without one.")


def local_name(tag: str) -> str:
    """The name of an XML element without the prefix of its namespace."""
    return tag.rpartition(":")[2]
