"""`tankerwatch formats`: what recordings can be read."""

import typer


def formats() -> None:
    """List the formats of recordings that can be read, and how they may be packed.

    Formats and packings are recognised by their content, not by a file's name.
    """
    from streams.recordings.compression import PACKINGS
    from streams.recordings.formats import parquet
    from streams.recordings.formats.known import FORMATS

    for each in FORMATS:
        typer.echo(f"{each.name}  {each.about}")
    typer.echo(f"{parquet.NAME}  {parquet.ABOUT}")
    packings = ", ".join(each.name for each in PACKINGS)
    typer.echo(f"packed with {packings}; in zip and tar archives; in folders")
    typer.echo("text in ASCII, UTF-8, UTF-16 or UTF-32; lines that end in LF, CR LF or CR")
