"""What a real browser shows of a piece of HTML: a recipe for hand use, not a test of the suite.

    python -m tests.mail.browser_truth          # every form of tests/mail/forms.py, against a headless Chromium

Each form is laid out in a frame of its own; the browser then tells by boxes, colours and hit tests whether the code in
it can be seen. A form that we show and the browser does not is a leak; the other way round we are merely careful.
"""

# ruff: noqa: E501, T201 - a program in another language, and one that prints

from __future__ import annotations

import base64
import json
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from daemon.mail.visible import render
from tests.mail.forms import CODE, HIDDEN, SHOWN

_BROWSERS = ("chromium", "chromium-browser", "google-chrome")
_SCRIPT = """
const CODE = "%s", forms = %s, shown = {};
function visible(doc, win) {
  const walker = doc.createTreeWalker(doc.documentElement, NodeFilter.SHOW_TEXT);
  let node, all = "";
  while ((node = walker.nextNode())) {
    const at = node.data.indexOf(CODE);
    if (at < 0) continue;
    const element = node.parentElement;
    if (win.getComputedStyle(element).display !== "contents" && !element.checkVisibility({opacityProperty: true, visibilityProperty: true})) continue;
    const range = doc.createRange();
    range.setStart(node, at); range.setEnd(node, at + CODE.length);
    let box = null;
    for (const rect of range.getClientRects()) if (rect.width >= 3 && rect.height >= 3) box = rect;
    if (!box || box.right <= 0 || box.bottom <= 0 || box.left >= win.innerWidth || box.top >= 3000) continue;
    let opacity = 1, clipped = false;
    for (let e = element; e; e = e.parentElement) {
      const style = win.getComputedStyle(e), around = e.getBoundingClientRect();
      opacity *= style.opacity;
      if (/inset\\((?!0)|circle|polygon|path/.test(style.clipPath)) clipped = true;
      if (/opacity\\(0|blur|brightness|invert|contrast/.test(style.filter) && !/opacity\\(0?[.][2-9]/.test(style.filter)) clipped = true;
      if (style.maskImage !== "none" || (style.clip !== "auto" && /absolute|fixed/.test(style.position))) clipped = true;
      if (/screen|lighten|difference/.test(style.mixBlendMode)) clipped = true;
      if (style.overflowX !== "visible" && e !== doc.documentElement && e !== doc.body &&
          (around.width < 4 || around.height < 4 || box.left >= around.right || box.top >= around.bottom ||
           box.right <= around.left || box.bottom <= around.top)) clipped = true;
    }
    if (opacity < 0.15 || clipped) continue;
    const style = win.getComputedStyle(element);
    if (style.webkitTextSecurity && style.webkitTextSecurity !== "none") continue;
    let paper = [255, 255, 255];
    const layers = [];
    for (let e = element; e; e = e.parentElement) layers.unshift(rgba(win.getComputedStyle(e).backgroundColor));
    for (const [r, g, b, a] of layers) paper = [r, g, b].map((c, i) => c * a + paper[i] * (1 - a));
    const ink = rgba(style.webkitTextFillColor);
    const over = ink.slice(0, 3).map((c, i) => c * ink[3] + paper[i] * (1 - ink[3]));
    const images = [...function*() { for (let e = element; e; e = e.parentElement) yield win.getComputedStyle(e).backgroundImage; }()];
    if (images.every(i => i === "none") && contrast(over, paper) < 1.25) continue;
    all += node.data;
  }
  return all;
}
const canvas = document.createElement("canvas").getContext("2d", {willReadFrequently: true});
function rgba(text) {
  canvas.clearRect(0, 0, 1, 1); canvas.fillStyle = text; canvas.fillRect(0, 0, 1, 1);
  const [r, g, b, a] = canvas.getImageData(0, 0, 1, 1).data; return [r, g, b, a / 255];
}
function light(c) { const [r, g, b] = c.map(v => (v /= 255) <= 0.04 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4); return 0.2126 * r + 0.7152 * g + 0.0722 * b; }
function contrast(a, b) { const [x, y] = [light(a), light(b)].sort((p, q) => q - p); return (x + 0.05) / (y + 0.05); }
for (const [name, html] of forms) {
  const frame = document.createElement("iframe");
  frame.style.cssText = "width:1000px;height:700px;border:0";
  document.body.append(frame);
  const doc = frame.contentDocument;
  doc.open(); doc.write("<!doctype html>" + new TextDecoder().decode(Uint8Array.from(atob(html), c => c.charCodeAt(0)))); doc.close();
  if (doc.body) doc.body.style.padding = "160px";
  shown[name] = visible(doc, frame.contentWindow).includes(CODE);
  frame.remove();
}
document.body.textContent = "RESULT" + JSON.stringify(shown) + "END";
"""


def truth(forms: dict[str, str]) -> dict[str, bool]:
    """Of each form whether a browser shows the code in it."""
    program = next(filter(None, map(shutil.which, _BROWSERS)), None)
    if program is None:
        raise SystemExit("needs chromium: apt-get install chromium")
    encoded = [(name, base64.b64encode(html.encode()).decode()) for name, html in forms.items()]
    with tempfile.TemporaryDirectory() as folder:
        page = Path(folder, "page.html")
        page.write_text(f"<body><script>{_SCRIPT % (CODE, json.dumps(encoded))}</script></body>", "utf-8")
        options = ["--headless=new", "--no-sandbox", "--disable-gpu", f"--user-data-dir={folder}/profile"]
        options += ["--virtual-time-budget=20000", "--window-size=1100,900", "--dump-dom"]
        done = subprocess.run(
            [program, *options, page.as_uri()], capture_output=True, text=True, timeout=300, check=False
        )
    match = re.search(r"RESULT(\{.*\})END", done.stdout, re.DOTALL)
    if match is None:
        raise SystemExit(f"the browser said nothing: {done.stderr[-500:]}")
    found: dict[str, bool] = json.loads(match[1].replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&"))
    return found


# Text that is no text node, a first frame, and what is centred in a place that it does not have here.
_NOT_JUDGED = ("alt='", "value=", "@keyframes a{from", "translate:-50% 0")


def main() -> int:
    """Print where we and the browser differ; the exit status tells whether there is a leak."""
    forms = {**{f"hidden: {name}": html for name, html in HIDDEN.items()}, **{f"shown: {html}": html for html in SHOWN}}
    leaks = 0
    for name, seen in truth(forms).items():
        ours = CODE in render(forms[name]).text
        if ours and not seen and not (name.startswith("shown") and any(mark in name for mark in _NOT_JUDGED)):
            leaks += 1
            print(f"LEAK     {name}")
        elif seen and not ours:
            print(f"careful  {name}")
    print(f"{len(forms)} forms, {leaks} leaks")
    return leaks > 0


if __name__ == "__main__":
    sys.exit(main())
