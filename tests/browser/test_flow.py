"""The main job in a browser: an order is pushed, followed through the four statuses, signed, and seen at the HIS."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from tests.browser.screens import SECONDS, STEP, Screens
from tests.browser.stand import Stand, until

NAME = "示例流程"


@pytest.mark.limit(240)
def test_an_order_goes_through_the_four_statuses(stand: Stand, screens: Screens) -> None:
    screens.open("/worklist")
    order = stand.push("order", "--name", NAME)["order_id"]
    screens.await_order(order, "Processing")
    screens.picture("worklist-processing")
    row = screens.await_order(order, "Processed")
    expect(row).to_contain_text(NAME)
    run = screens.run_of(order)
    screens.picture("worklist-processed")
    screens.keeps_patients_out_of_sight(NAME, order)

    screens.open("/sign")
    screens.page.locator(f"[data-row-key='{run}'] a").first.click()
    screens.document_is_drawn()
    expect(screens.page.get_by_test_id("matches").locator("li.ok")).to_have_count(5)
    screens.picture("report")
    screens.sign()
    screens.picture("signed")
    screens.keeps_patients_out_of_sight(NAME, order)

    screens.open("/worklist")
    screens.await_order(order, "Sent")
    screens.picture("worklist-sent")
    assert len(until(lambda: stand.accepted(order), 30, "the HIS did not accept the document")) == 1

    screens.open(f"/engine/runs/{run}")
    expect(screens.page.get_by_test_id("line")).to_contain_text("Arrived", timeout=STEP)
    expect(screens.page.locator(".stop-done")).not_to_have_count(0)
    screens.picture("waybill")
    screens.page.get_by_role("link", name="Open the patient").click()
    screens.page.get_by_role("tab", name="Documents").click()
    filed = screens.page.get_by_role("treeitem", name=re.compile("ANS report .*Filed by a route")).last
    expect(filed).to_be_visible(timeout=20 * SECONDS)
    filed.click()
    screens.document_is_drawn()
    screens.picture("record")
    screens.keeps_patients_out_of_sight(NAME, order)
    patient = screens.page.url.split("/patients/")[1].split("/")[0]
    tree = screens.page.request.get(f"{screens.web}/api/v1/patients/{patient}/tree?by=kind").json()
    signed = screens.page.request.get(f"{screens.web}/d/{tree['nodes'][0]['documents'][0]['id']}")
    assert signed.body().startswith(b"%PDF-")
    assert b"/ByteRange" in signed.body()


def test_a_body_is_masked_until_it_is_opened_and_the_look_is_recorded(stand: Stand, screens: Screens) -> None:
    order = stand.push("order", "--name", NAME)["order_id"]
    screens.open("/worklist")
    row = screens.await_order(order, "Processing")
    patient = row.locator("a[href^='/patients/']").get_attribute("href")
    screens.open(f"/engine/runs/{screens.run_of(order)}")
    expect(screens.page.get_by_test_id("open-body")).to_be_visible(timeout=20 * SECONDS)
    expect(screens.page.get_by_text("PATPatientInfo")).to_have_count(0)
    screens.press("o")
    expect(screens.page.get_by_test_id("body")).to_contain_text("PATPatientInfo", timeout=20 * SECONDS)
    screens.press("Escape")
    assert patient is not None
    screens.open(patient)
    screens.page.get_by_role("tab", name="Access log").click()
    expect(screens.page.get_by_text("read a waybill").first).to_be_visible(timeout=20 * SECONDS)
    screens.picture("access-log")
