"""A site whose routes use every verb and every key of the grammar that needs no hospital; `exam_report` has the others.

One message of `kinds` becomes a run of `kinds_on`, with two parts, and one of `told`. `lab_on` passes HL7 on in order.
`waits` waits in all five ways; `wakes`, `renames` and `cancels` signal to it. `done_on` answers when its run is done.
`fails` goes wrong in the ways that a route can provide for.
"""

from __future__ import annotations

from pathlib import Path

ROUTES = """
include: [shared/steps.yaml]
connections:
  web:
    type: http_in
    listen: 127.0.0.1:{web_in}
    paths: {{/kinds: Kinds, /waits: Waits, /wakes: Wakes, /renames: Renames, /cancels: Cancels, /done: Done, /fails: Fails}}
    help: Ask the sender.
  adt: {{type: mllp_in, listen: 127.0.0.1:{adt}, operations: {{'*': Adt}}}}
  lab: {{type: mllp_out, host: 127.0.0.1, port: {lab}, timeout: 10s, ae: retry, breaker: {{after: 1000, pause: 1s}}}}
  out: {{type: http_out, url: 'http://127.0.0.1:{out}', timeout: 10s, max_in_flight: 4, rate: 500/s}}
  drop: {{type: folder, path: drop, settle: 50ms, poll: 50ms, complete: none}}
alerts:
  desk: {{roles: [OP], help: Look at it.}}
policies:
  default: {{first: 50ms, factor: 2, max: 500ms, jitter: 0%, give_up: 2m, then: dead}}
  once: {{first: 10ms, times: 2, then: go:other}}
routes:
  kinds_on:
    receive:
      from: web
      operation: Kinds
      identity: [/kinds/id]
      keep: 30d
      check: {{xsd: transforms/kinds.xsd}}
      reply: {{when: stored, ok: transforms/reply.xsl, invalid: transforms/reply.xsl}}
      order: {{key: //ward, until: sent, on_failure: pass}}
    labels:
      id: {{path: //id}}
      n: {{path: //part/n}}
      ward: {{path: //ward, optional: true, phi: true}}
      kind: {{optional: true}}
      fixed: {{value: kinds}}
    help: Look at the part.
    steps:
      - {{id: parts, status: Split, split: {{by: //part, identity: [./n, //id]}}}}
      - {{id: checked, status: Open, check: {{xsd: transforms/kinds.xsd}}}}
      - {{id: styled, into: made, transform: {{xslt: transforms/kinds.xsl}}}}
      - {{id: mapped, transform: {{map: transforms/kinds.yaml}}}}
      - {{id: plugged, transform: {{plugin: transforms/kinds.py, settings: {{mark: ok}}}}}}
      - {{id: named, set: {{labels: {{kind: $(mapped/kind)}}, values: {{extra: '$(made/id) $(plugged/mark)'}}}}}}
      - id: chosen
        choose:
          - {{when: {{path: $(mapped/kind), is: send}}, go: sent}}
          - {{else: nobody}}
      - {{id: sent, status: Sent, policy: default, when: {{present: //n}}, help: Call them., contact: '1', call: {{to: out, operation: post, path: [kinds, $(extra)], body: $(made), idempotency_header: Idempotency-Key, expect: {{path: $(body/ok), is: 'yes'}}, timeout: 5s}}}}
      - {{id: joined, choose: [{{else: last}}]}}
      - {{id: nobody, stop: {{reason: this part is for nobody}}}}
      - {{id: last, set: {{labels: {{kind: sent}}}}}}
  told_on:
    receive: {{from: web, operation: Kinds}}
    labels: {{id: {{path: //id}}}}
    steps:
      - {{use: tell, as: by}}
  lab_on:
    receive: {{from: adt, operation: Adt, order: {{key: PID-3.1, until: lab_out, on_failure: hold}}}}
    labels: {{id: {{path: MSH-10}}}}
    steps:
      - {{id: lab_out, call: {{to: lab, operation: send, message: $(body), in_doubt: person}}}}
      - {{id: lab_done, set: {{labels: {{id: $(body/MSH-10)}}}}}}
  waits:
    receive: {{from: web, operation: Waits, identity: [/waits/id]}}
    labels: {{id: {{path: /waits/id}}, name: {{optional: true}}}}
    steps:
      - {{id: place, call: {{to: drop, make: '$(body/id|filename)'}}}}
      - {{id: file, wait: {{for: file, in: drop, path: $(place/path), name: '*.txt', complete: any, until: 1h, on_timeout: {{alert: desk}}}}}}
      - {{id: poll, wait: {{for: poll, call: {{to: out, operation: get, path: [poll, $(body/id)], nothing: ['404']}}, every: 100ms, until: 1h, on_timeout: {{go: late}}}}}}
      - {{id: pause, wait: {{for: time, until: 200ms}}}}
      - {{id: person, wait: {{for: person, question: 'Go on?', answers: ['yes', 'no'], until: 1h, on_timeout: {{then: dead}}}}}}
      - {{id: woken, wait: {{for: signal, from: wakes, labels: {{id: $(body/id)}}, until: 1h, on_timeout: {{then: hold, alert: desk}}}}}}
      - {{id: waited, call: {{to: out, operation: put, path: [waits, $(body/id)], body: 'name=$(poll/name)'}}}}
      - {{id: waits_end, choose: [{{else: fine}}]}}
      - {{id: late, stop: {{reason: too late}}}}
      - {{id: fine, set: {{labels: {{name: done}}}}}}
  wakes:
    receive: {{from: web, operation: Wakes, identity: [/wakes/id]}}
    labels: {{id: {{path: /wakes/id}}}}
    steps:
      - {{id: wake, signal: {{route: waits, labels: {{id: $(body/id)}}, do: wake, if_none: wait, until: 1h, on_timeout: {{alert: desk}}}}}}
  renames:
    receive: {{from: web, operation: Renames, identity: [/renames/id]}}
    labels: {{id: {{path: /renames/id}}}}
    steps:
      - {{id: rename, signal: {{route: waits, labels: {{id: $(body/id)}}, do: set, values: {{poll/name: renamed}}, set_labels: {{name: renamed}}, if_none: wait}}}}
  cancels:
    receive: {{from: web, operation: Cancels, identity: [/cancels/id]}}
    labels: {{id: {{path: /cancels/id}}}}
    steps:
      - {{id: cancel, signal: {{route: waits, labels: {{id: $(body/id)}}, do: cancel, if_none: done}}}}
      - {{id: cancelled, call: {{to: out, operation: put, path: [cancelled, $(body/id)], body: $(cancel/done)}}}}
  done_on:
    receive: {{from: web, operation: Done, identity: [/done/id], reply: {{when: done, within: 60s, ok: transforms/reply.xsl, invalid: transforms/reply.xsl}}}}
    labels: {{id: {{path: /done/id}}}}
    steps:
      - {{id: finished, call: {{to: out, operation: put, path: [done, $(body/id)], body: done}}}}
  fails:
    receive: {{from: web, operation: Fails, identity: [/fails/id]}}
    labels: {{id: {{path: /fails/id}}}}
    steps:
      - {{id: refused, on_error: {{refused: go:given_up}}, call: {{to: out, operation: put, path: [refuse, $(body/id)], body: x}}}}
      - {{id: given_up, policy: once, call: {{to: out, operation: put, path: [away, $(body/id)], body: x}}}}
      - {{id: other, call: {{to: out, operation: put, path: [fails, $(body/id)], body: x}}}}
"""

STEPS = """
steps:
  tell:
    - {id: tell, call: {to: out, operation: put, path: [told, $(body/id)], body: told}}
"""

FILES = {
    "kinds.xsd": """<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema">
  <xs:element name="kinds"><xs:complexType><xs:sequence>
    <xs:element name="id" type="xs:string"/><xs:element name="ward" type="xs:string"/>
    <xs:element name="part" minOccurs="1" maxOccurs="9"><xs:complexType><xs:sequence>
      <xs:element name="n" type="xs:string"/><xs:element name="kind" type="xs:string"/>
    </xs:sequence></xs:complexType></xs:element>
  </xs:sequence></xs:complexType></xs:element></xs:schema>""",
    "kinds.xsl": """<xsl:stylesheet version="1.0" xmlns:xsl="http://www.w3.org/1999/XSL/Transform">
  <xsl:template match="/run"><made><id><xsl:value-of select="body/kinds/id"/></id>
  <n><xsl:value-of select="body/kinds/part/n"/></n></made></xsl:template></xsl:stylesheet>""",
    "kinds.yaml": "kind: {from: $(body/part/kind)}\n",
    "kinds.py": "def transform(values, settings):\n    return {'mark': settings['mark']}\n",
    "reply.xsl": """<xsl:stylesheet version="1.0" xmlns:xsl="http://www.w3.org/1999/XSL/Transform">
  <xsl:template match="/reply"><said code="{@code}"/></xsl:template></xsl:stylesheet>""",
}


def write(folder: Path, web_in: int, adt: int, lab: int, out: int) -> Path:
    """The site in the folder, between these ports."""
    (folder / "transforms").mkdir(parents=True)
    (folder / "shared").mkdir()
    text = ROUTES.format(web_in=web_in, adt=adt, lab=lab, out=out)
    (folder / "routes.yaml").write_text(text, "utf-8")
    (folder / "shared" / "steps.yaml").write_text(STEPS, "utf-8")
    for name, content in FILES.items():
        (folder / "transforms" / name).write_text(content, "utf-8")
    return folder
