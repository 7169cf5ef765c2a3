/*
SPDX-FileCopyrightText: 2026 portkeeper.windows_dns contributors
SPDX-License-Identifier: GPL-3.0-or-later
*/

(function () {
'use strict';
var table = document.getElementById('fleet');
if (!table) { return; }
var body = table.tBodies[0], rows = Array.from(body.rows), tools = document.getElementById('tools');
var text = document.getElementById('find'), status = document.getElementById('status');
var told = document.getElementById('told');
tools.hidden = false;

function filter() {
  var word = text.value.trim().toLowerCase(), shown = 0;
  rows.forEach(function (row) {
    var found = !word || row.textContent.toLowerCase().indexOf(word) >= 0;
    var fits = found && (!status.value || row.dataset.status === status.value);
    row.hidden = !fits;
    document.getElementById(row.dataset.id).hidden = !fits;
    if (fits) { shown += 1; }
  });
  told.textContent = shown + ' of ' + rows.length + ' hosts';
}

function key(row, place) {
  var value = row.cells[place].dataset.v;
  if (value === undefined) { return row.cells[place].textContent; }
  return value === '' ? -1 : Number(value);
}

Array.from(table.tHead.rows[0].cells).forEach(function (cell, place) {
  var title = cell.querySelector('[data-sort]');
  if (!title) { return; }
  var button = document.createElement('button');
  button.type = 'button';
  button.textContent = title.textContent;
  title.replaceWith(button);
  button.addEventListener('click', function () {
    var up = cell.getAttribute('aria-sort') !== 'ascending';
    Array.from(cell.parentNode.cells).forEach(function (other) { other.removeAttribute('aria-sort'); });
    cell.setAttribute('aria-sort', up ? 'ascending' : 'descending');
    rows.sort(function (one, two) {
      var a = key(one, place), b = key(two, place);
      return (a < b ? -1 : a > b ? 1 : 0) * (up ? 1 : -1);
    });
    rows.forEach(function (row) { body.appendChild(row); });
  });
});
text.addEventListener('input', filter);
status.addEventListener('change', filter);
filter();

function open() {
  var aim = document.getElementById(location.hash.slice(1));
  if (!aim || aim.tagName !== 'DETAILS') { return; }
  for (var part = aim; part; part = part.parentNode) {
    if (part.tagName === 'DETAILS') { part.open = true; }
  }
  aim.scrollIntoView();
}

window.addEventListener('hashchange', open);
open();

var opened = [];
window.addEventListener('beforeprint', function () {
  opened = Array.from(document.querySelectorAll('main>details:not([open]):not(.rest)'));
  opened.forEach(function (one) { one.open = true; });
});
window.addEventListener('afterprint', function () {
  opened.forEach(function (one) { one.open = false; });
});
})();
