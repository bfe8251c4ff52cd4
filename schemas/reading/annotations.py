"""The annotations of the models' fields, taken apart."""

import types
from typing import Any, Union, get_args, get_origin


def annotation_parts(annotation: Any) -> tuple[Any, ...]:
    """The types that an annotation stands for: the members of a union, each without its marks."""
    if get_origin(annotation) in (Union, types.UnionType):
        return tuple(part for member in get_args(annotation) for part in annotation_parts(member))
    if hasattr(annotation, "__metadata__"):
        return annotation_parts(get_args(annotation)[0])
    return (annotation,)
