"""XLSX: a row is a record with its header, whatever merged cells, title rows, dates and currencies surround it."""

from __future__ import annotations

from datetime import date, datetime
from io import BytesIO
from typing import Any

import openpyxl
import pytest

from knowledge.errors import DocumentRefused
from knowledge.passages import DocumentText
from knowledge.readers import ReadingLimits, read_document
from knowledge.readers.sheet_tables import SheetRow, sheet_lines


def workbook(*rows: tuple[Any, ...], merged: tuple[str, ...] = ()) -> Any:
    book = openpyxl.Workbook()
    assert book.active is not None
    for row in rows:
        book.active.append(row)
    for area in merged:
        book.active.merge_cells(area)
    return book


def read(book: Any, name: str = "prices.xlsx", limits: ReadingLimits | None = None) -> DocumentText:
    buffer = BytesIO()
    book.save(buffer)
    return read_document(name, buffer.getvalue(), limits=limits or ReadingLimits())


def lines(*rows: tuple[str, ...]) -> list[str]:
    return [line.text for line in sheet_lines(iter([SheetRow(row) for row in rows]))]


def test_each_row_is_a_record_with_the_names_of_its_columns() -> None:
    document = read(workbook(("Plan", "Price"), ("Sprout", 9), ("Oak", 19.5)))
    assert document.text == "Plan: Sprout; Price: 9\nPlan: Oak; Price: 19.5"
    assert (document.title, document.encoding) == ("Prices", "")


def test_a_title_above_and_a_note_below_the_table_stand_by_themselves() -> None:
    document = read(
        workbook(("Price list 2026", None), ("Plan", "Price"), ("Oak", 19), (None, None), ("All per month.",))
    )
    assert document.text == "Price list 2026\n\nPlan: Oak; Price: 19\n\nAll per month."


def test_merged_cells_are_filled_across_and_down() -> None:
    book = workbook(
        ("Region", "Plan", "Price"), ("Europe", "Sprout", 9), (None, "Oak", 19), ("Closed in August", None, None),
        merged=("A2:A3", "A4:C4"),
    )  # fmt: skip
    assert read(book).text == (
        "Region: Europe; Plan: Sprout; Price: 9\nRegion: Europe; Plan: Oak; Price: 19\nClosed in August"
    ).replace("\nClosed", "\n" + "Closed")


def test_a_header_of_two_lines_is_combined() -> None:
    book = workbook(("Plan", "Price", None), (None, "Monthly", "Yearly"), ("Oak", 19, 190), merged=("B1:C1", "A1:A2"))
    assert read(book).text == "Plan: Oak; Price Monthly: 19; Price Yearly: 190"


def test_dates_percent_and_currencies_read_as_they_are_shown() -> None:
    book = workbook(
        ("From", "Until", "Rate", "Fee", "Due"), (date(2026, 1, 5), datetime(2026, 2, 1, 9, 30), 0.19, 9.5, True)
    )
    assert book.active is not None
    book.active["C2"].number_format, book.active["D2"].number_format = "0%", "[$€-407]#,##0.00"
    assert read(book).text == "From: 2026-01-05; Until: 2026-02-01 09:30; Rate: 19%; Fee: €9.5; Due: TRUE"


def test_every_visible_sheet_has_its_name_as_heading_and_hidden_ones_are_left_out() -> None:
    book = workbook(("Plan", "Price"), ("Oak", 19))
    book.active.title = "Prices"
    book.create_sheet("Empty")
    book.create_sheet("退货").append(["七天内可以退货。"])
    hidden = book.create_sheet("Margins")
    hidden.append(["secret"])
    hidden.sheet_state = "hidden"
    document = read(book)
    assert document.text == "Prices\n\nPlan: Oak; Price: 19\n\n退货\n\n七天内可以退货。"
    assert [heading.text for heading in document.headings] == ["Prices", "退货"]


def test_formulas_are_read_by_their_last_value_and_missed_where_there_is_none() -> None:
    with pytest.raises(DocumentRefused, match="let it calculate"):
        read(workbook(("=1+1",)))


def test_a_sheet_wider_than_anybody_reads_is_refused() -> None:
    with pytest.raises(DocumentRefused, match="more than 1,000 columns"):
        read(workbook(tuple(range(1001))))


def test_a_long_sheet_is_refused_before_all_of_it_is_held() -> None:
    rows = [("word", number) for number in range(2000)]
    with pytest.raises(DocumentRefused, match="longer than 5,000 characters"):
        read(workbook(*rows), limits=ReadingLimits(max_text_characters=5000))


def test_a_table_goes_on_after_an_empty_row_and_another_one_begins_with_its_own_names() -> None:
    assert lines(("Plan", "Price"), ("Oak", "9"), ("", ""), ("Elm", "8")) == [
        "Plan: Oak; Price: 9",
        "Plan: Elm; Price: 8",
    ]
    assert lines(("Plan", "Price"), ("Oak", "9"), (), ("City", "Street", "Hours"), ("Bonn", "Ring 1", "9–5")) == [
        "Plan: Oak; Price: 9",
        "City: Bonn; Street: Ring 1; Hours: 9–5",
    ]


def test_rows_of_values_name_no_columns() -> None:
    assert lines(("2026-01-01", "9"), ("2026-01-02", "10")) == ["2026-01-01; 9", "2026-01-02; 10"]
