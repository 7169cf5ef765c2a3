# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the HTML report looks like and the little that its script does: text that is the same in every report."""

from __future__ import annotations

import base64
import hashlib

_PAGE = {"light": ("#ffffff", "#1b1f24", "#57606a", "#d0d7de"), "dark": ("#12161b", "#e6edf3", "#a5b0bb", "#3a434d")}
"""By scheme: background, text, quiet text, lines."""

PALETTE: dict[str, dict[str, tuple[str, str]]] = {
    "light": {
        "unknown": ("#43207a", "#e9defa"),
        "unreachable": ("#2b3440", "#dde2e8"),
        "conflict": ("#7a0010", "#ffd5d2"),
        "service_down": ("#7a0010", "#ffd5d2"),
        "drifted": ("#613600", "#ffe2b0"),
        "pending_reboot": ("#5a4200", "#fff0b3"),
        "pending_restart": ("#5a4200", "#fff0b3"),
        "exposed": ("#5a4200", "#fff0b3"),
        "accepted": ("#0b3f70", "#d9eafb"),
        "safe": ("#0c4a22", "#d3efdb"),
        "plain": ("#1b1f24", "#ffffff"),
        "quiet": ("#57606a", "#ffffff"),
        "link": ("#0550ae", "#ffffff"),
    },
    "dark": {
        "unknown": ("#e2d2ff", "#3a2161"),
        "unreachable": ("#dde5ee", "#36404b"),
        "conflict": ("#ffdcd8", "#7d1420"),
        "service_down": ("#ffdcd8", "#7d1420"),
        "drifted": ("#ffe2b0", "#623a08"),
        "pending_reboot": ("#fff0b3", "#514008"),
        "pending_restart": ("#fff0b3", "#514008"),
        "exposed": ("#fff0b3", "#514008"),
        "accepted": ("#d5e9ff", "#123f6b"),
        "safe": ("#cdf2d8", "#14492a"),
        "plain": ("#e6edf3", "#12161b"),
        "quiet": ("#a5b0bb", "#12161b"),
        "link": ("#8abfff", "#12161b"),
    },
}
"""By scheme and role: text and its background; each pair has a contrast of 4.5:1 at least (WCAG 2, AA)."""

_GLYPHS = {"conflict": "\\2716", "exposed": "\\25B2", "reserved": "\\25CF", "outside": "\\25CB"}
_CELL_ROLE = {"conflict": "conflict", "exposed": "exposed", "reserved": "safe", "outside": "quiet"}
_LANES = {
    "pool": "quiet", "reserved": "safe", "kept": "accepted", "needs": "unknown", "held": "drifted", "hit": "conflict",
}  # fmt: skip

_RULES = """
*{box-sizing:border-box}
body{margin:0 auto;max-width:90rem;padding:1rem;font:15px/1.45 system-ui,sans-serif;color:var(--fg);
  background:var(--bg)}
h1{font-size:1.4rem;margin:0;overflow-wrap:anywhere}
h2{font-size:1.1rem;margin:1.6rem 0 .5rem}
h3{font-size:1rem;margin:1rem 0 .3rem}
a{color:var(--link)}
:focus-visible{outline:3px solid var(--link);outline-offset:2px}
.q{color:var(--quiet)}
.n{white-space:nowrap;font-variant-numeric:tabular-nums}
.v{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%)}
.tiles{display:flex;flex-wrap:wrap;gap:.5rem;margin:.8rem 0;padding:0;list-style:none}
.tiles li{padding:.3rem .8rem;border-radius:.4rem}
.tiles b{font-size:1.3rem;margin-right:.3rem}
.b{display:inline-block;padding:0 .5em;border-radius:.3em;white-space:nowrap}
.tools{display:flex;flex-wrap:wrap;gap:.6rem 1rem;margin:.6rem 0}
.tools[hidden]{display:none}
input,select,button{font:inherit;color:inherit;background:var(--bg);border:1px solid var(--quiet);
  border-radius:.3em;padding:.2em .5em}
input{width:14rem;max-width:100%}
.wide{overflow:auto;max-height:75vh;border:1px solid var(--line);border-radius:.4rem;position:relative}
table{border-collapse:separate;border-spacing:0}
th,td{padding:.25rem .5rem;border-bottom:1px solid var(--line);text-align:left;vertical-align:middle}
thead th{position:sticky;top:0;background:var(--bg);vertical-align:bottom;z-index:2}
thead button{border:0;padding:0;background:none;font-weight:600;cursor:pointer;text-decoration:underline dotted}
tbody th{position:sticky;left:0;background:var(--bg);z-index:1;font-weight:400;max-width:16rem;
  overflow:hidden;text-overflow:ellipsis;white-space:nowrap}
thead th:first-child{left:0;z-index:3}
.s{text-align:center}
thead .s{padding:.25rem .1rem;text-align:left}
thead .s span{writing-mode:vertical-rl;transform:rotate(180deg);font-weight:400;max-height:11rem;overflow:hidden}
td.s{min-width:1.9rem;padding:.25rem}
details{border:1px solid var(--line);border-radius:.4rem;margin:.4rem 0;padding:0 .8rem}
details[open]{padding-bottom:.8rem}
summary{cursor:pointer;padding:.4rem 0;overflow-wrap:anywhere}
summary .h{font-weight:600;margin:0 .4rem}
details ul{margin:.2rem 0;padding-left:1.2rem}
details li{overflow-wrap:anywhere}
.map{display:grid;grid-template-columns:17rem minmax(0,1fr);gap:.15rem .6rem;
  align-items:center;margin:.4rem 0}
.map svg{display:block;width:100%;height:1rem;border-bottom:1px solid var(--line)}
.map .tall{height:2rem}
.end{font-size:.75rem;text-align:right}
.axis{display:flex;justify-content:space-between;font-size:.75rem}
.key{display:flex;flex-wrap:wrap;gap:.2rem 1rem;padding:0;list-style:none;font-size:.9rem}
@media(max-width:40rem){
  body{padding:.6rem}
  .map{grid-template-columns:minmax(0,1fr)}
  tbody th{max-width:9rem}
  .opt,.end{display:none}
  thead .s span{max-height:7rem}
}
@media print{
  body{padding:0;max-width:none;font-size:12px}
  .tools{display:none}
  .wide{overflow:visible;max-height:none;border:0}
  .b,.tiles li,td.s{-webkit-print-color-adjust:exact;print-color-adjust:exact}
  thead th,tbody th{position:static}
  tbody th{max-width:10rem;white-space:normal;overflow:visible;overflow-wrap:break-word}
  table{font-size:.75rem}
  th,td{padding:.1rem .3rem}
  thead .s,td.s{padding:.1rem 0;min-width:0}
  thead .s span{max-height:none;white-space:nowrap;line-height:1.15}
  h2,h3,summary{break-after:avoid}
  tr,li,.map{break-inside:avoid}
}
"""

SCRIPT = """
(function(){
'use strict';
var table=document.getElementById('fleet');
if(!table){return;}
var body=table.tBodies[0],rows=Array.from(body.rows),tools=document.getElementById('tools');
var text=document.getElementById('find'),status=document.getElementById('status'),told=document.getElementById('told');
tools.hidden=false;
function filter(){
  var word=text.value.trim().toLowerCase(),shown=0;
  rows.forEach(function(row){
    var found=!word||row.textContent.toLowerCase().indexOf(word)>=0;
    var fits=found&&(!status.value||row.dataset.status===status.value);
    row.hidden=!fits;
    document.getElementById(row.dataset.id).hidden=!fits;
    if(fits){shown+=1;}
  });
  told.textContent=shown+' of '+rows.length+' hosts';
}
function key(row,place){
  var value=row.cells[place].dataset.v;
  if(value===undefined){return row.cells[place].textContent;}
  return value===''?-1:Number(value);
}
Array.from(table.tHead.rows[0].cells).forEach(function(cell,place){
  var title=cell.querySelector('[data-sort]');
  if(!title){return;}
  var button=document.createElement('button');
  button.type='button';button.textContent=title.textContent;title.replaceWith(button);
  button.addEventListener('click',function(){
    var up=cell.getAttribute('aria-sort')!=='ascending';
    Array.from(cell.parentNode.cells).forEach(function(other){other.removeAttribute('aria-sort');});
    cell.setAttribute('aria-sort',up?'ascending':'descending');
    rows.sort(function(one,two){
      var a=key(one,place),b=key(two,place);
      return (a<b?-1:a>b?1:0)*(up?1:-1);
    });
    rows.forEach(function(row){body.appendChild(row);});
  });
});
text.addEventListener('input',filter);status.addEventListener('change',filter);filter();
function open(){
  var aim=document.getElementById(location.hash.slice(1));
  if(!aim||aim.tagName!=='DETAILS'){return;}
  for(var part=aim;part;part=part.parentNode){if(part.tagName==='DETAILS'){part.open=true;}}
  aim.scrollIntoView();
}
window.addEventListener('hashchange',open);open();
var opened=[];
window.addEventListener('beforeprint',function(){
  opened=Array.from(document.querySelectorAll('main>details:not([open]):not(.rest)'));
  opened.forEach(function(one){one.open=true;});
});
window.addEventListener('afterprint',function(){
  opened.forEach(function(one){one.open=false;});
});
})();
"""


def _scheme(name: str) -> str:
    background, text, quiet, line = _PAGE[name]
    colours = PALETTE[name]
    page = f":root{{--bg:{background};--fg:{text};--quiet:{quiet};--line:{line};--link:{colours['link'][0]}}}"
    roles = "".join(f".r-{role}{{color:{pair[0]};background:{pair[1]}}}" for role, pair in colours.items())
    cells = "".join(
        f".c-{cell}{{color:{colours[role][0]};background:{colours[role][1]}}}" for cell, role in _CELL_ROLE.items()
    )
    lanes = "".join(f".l-{lane}{{fill:{colours[role][0]}}}" for lane, role in _LANES.items())
    return page + roles + cells + lanes


def style() -> str:
    """The style sheet."""
    glyphs = "".join(f'.c-{cell}::before{{content:"{glyph}"}}' for cell, glyph in _GLYPHS.items())
    dark = f"@media screen and (prefers-color-scheme:dark){{:root{{color-scheme:dark}}{_scheme('dark')}}}"
    return f"{_scheme('light')}{dark}{glyphs}{_RULES}"


def source_hash(text: str) -> str:
    """The text's hash as a Content Security Policy names it."""
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode('ascii')}'"
