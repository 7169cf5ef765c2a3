/*
SPDX-FileCopyrightText: 2026 portkeeper.windows_dns contributors
SPDX-License-Identifier: GPL-3.0-or-later
*/

(function () {
'use strict';
var table = document.getElementById('fleet');
if (!table) { return; }
var body = table.tBodies[0], parts = document.getElementById('parts'), tools = document.getElementById('tools');
var text = document.getElementById('find'), status = document.getElementById('status');
var count = document.getElementById('count'), more = document.getElementById('more');
var packed = document.getElementById('packed');
var STEP = 100, limit = packed ? STEP : Infinity, turn = 0;
var order = {column: -1, up: true};
tools.hidden = false;

/* A host: what it is found and sorted by, its row and its part. Those of a packed host are made when it is shown. */
var hosts = Array.from(body.rows).map(function (row, place) {
  return {
    place: place,
    name: row.textContent.toLowerCase(),
    status: row.dataset.status,
    keys: Array.from(row.cells).filter(function (cell) { return !cell.classList.contains('s'); }).map(function (cell) {
      var value = cell.dataset.v;
      return value === undefined ? cell.textContent : number(value);
    }),
    row: row,
    part: document.getElementById(row.dataset.id)
  };
});
var inline = hosts.length, groups = {};

function number(value) { return value === '' ? -1 : Number(value); }

/* Promise what a packed text holds. It comes from this file: nothing is loaded. */
function unpack(coded) {
  var bytes = Uint8Array.from(atob(coded), function (one) { return one.charCodeAt(0); });
  var stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream('deflate'));
  return new Response(stream).json();
}

function element(markup) {
  var made = document.createElement('template');
  made.innerHTML = markup;
  return made.content.firstElementChild;
}

/* Promise that the rows and parts of these hosts are there. The markup is escaped already, and the policy of the page
   lets no script in it run. */
function prepare(shown) {
  var size = packed ? Number(packed.dataset.size) : 1;
  return Promise.all(shown.filter(function (host) { return !host.row; }).map(function (host) {
    var at = host.place - inline, group = Math.floor(at / size);
    groups[group] = groups[group] || unpack(packed.content.children[group].textContent);
    return groups[group].then(function (pairs) {
      host.row = host.row || element(pairs[at % size][0].trim());
      host.part = host.part || element(pairs[at % size][1].trim());
    });
  }));
}

function fits(host, word) {
  return (!word || host.name.indexOf(word) >= 0) && (!status.value || host.status === status.value);
}

function compare(one, two) {
  var a = one.keys[order.column], b = two.keys[order.column];
  return (a < b ? -1 : a > b ? 1 : 0) * (order.up ? 1 : -1) || one.place - two.place;
}

/* Show the hosts that fit, in order; of a large fleet a part. Promise that it is done. */
function show() {
  var mine = ++turn, word = text.value.trim().toLowerCase();
  var found = hosts.filter(function (host) { return fits(host, word); });
  if (order.column >= 0) { found.sort(compare); }
  var shown = found.slice(0, limit);
  count.textContent = found.length + ' of ' + hosts.length + ' hosts' +
    (shown.length < found.length ? ', the first ' + shown.length + ' are shown' : '');
  if (more) { more.parentNode.hidden = shown.length === found.length; }
  return prepare(shown).then(function () {
    if (mine !== turn) { return; }
    var chosen = new Set(shown);
    hosts.forEach(function (host) {
      if (!host.row) { return; }
      var away = !chosen.has(host);
      if (away && host.place >= inline) {
        host.row.remove();
        host.part.remove();
      }
      host.row.hidden = away;
      host.part.hidden = away;
    });
    shown.forEach(function (host) {
      body.appendChild(host.row);
      if (host.place >= inline) { parts.appendChild(host.part); }
    });
  });
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
    order = {column: place, up: up};
    show();
  });
});

function again() {
  limit = packed ? STEP : Infinity;
  return show();
}
text.addEventListener('input', again);
status.addEventListener('change', again);
if (more) {
  more.addEventListener('click', function () {
    limit += STEP;
    show();
  });
}

function reveal(aim) {
  if (!aim || aim.tagName !== 'DETAILS') { return; }
  for (var part = aim; part; part = part.parentNode) {
    if (part.tagName === 'DETAILS') { part.open = true; }
  }
  aim.scrollIntoView();
}

/* Open the part of the host that the address names. One that is not shown is found by its name. */
function open() {
  var id = location.hash.slice(1), host = hosts[/^h[0-9]+$/.test(id) ? Number(id.slice(1)) : -1];
  if (!host || document.getElementById(id)) {
    reveal(document.getElementById(id));
    return;
  }
  status.value = '';
  text.value = host.keys[0];
  again().then(function () { reveal(document.getElementById(id)); });
}

/* What a browser without DecompressionStream cannot show, it says. */
function index() {
  if (!packed) { return Promise.resolve(); }
  if (!('DecompressionStream' in window)) {
    document.getElementById('old').hidden = false;
    return Promise.resolve();
  }
  return unpack(packed.dataset.index).then(function (rows) {
    rows.forEach(function (row, at) {
      var figures = row.slice(2).map(number), place = inline + at;
      hosts.push({
        place: place, name: (row[0] + ' ' + row[1].replace('_', ' ')).toLowerCase(), status: row[1], keys: [row[0], place].concat(figures),
        row: null, part: null
      });
    });
  });
}

index().then(show).then(function () {
  window.addEventListener('hashchange', open);
  open();
});

var opened = [];
window.addEventListener('beforeprint', function () {
  opened = Array.from(parts.querySelectorAll(':scope>details:not([open]):not(.rest)'));
  opened.forEach(function (one) { one.open = true; });
});
window.addEventListener('afterprint', function () {
  opened.forEach(function (one) { one.open = false; });
});
})();
