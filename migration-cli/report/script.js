// Finds, and opens what is to be seen. Without it, everything is there all the same.
'use strict';
(() => {
  const root = document.documentElement;
  const field = document.getElementById('find');
  const found = document.getElementById('found');
  const items = [...document.querySelectorAll('[data-find]')];
  const hits = [];
  // What was opened so that it could be seen, and is closed again.
  const opened = new Set();

  const show = (element) => {
    for (let it = element.parentElement; it; it = it.parentElement) {
      if (it.tagName === 'DETAILS' && !it.open) {
        it.open = true;
        opened.add(it);
      }
    }
  };

  const picture = document.getElementById('picture');
  const sheet = picture && picture.querySelector('.sheet');
  const drawing = sheet && sheet.querySelector('svg');
  const links = drawing ? [...drawing.querySelectorAll('g.link')] : [];
  const drawn = drawing ? [...drawing.querySelectorAll('g.table')] : [];

  const middle = (element) => {
    const [inner, outer] = [element.getBoundingClientRect(), sheet.getBoundingClientRect()];
    sheet.scrollLeft += inner.left - outer.left - (outer.width - inner.width) / 2;
    sheet.scrollTop += inner.top - outer.top - Math.max(0, (outer.height - inner.height) / 2);
  };

  // Makes what was found large enough to be read, and all of it small again.
  let size = () => {};

  // What the list has found is lit in the picture.
  const light = (term) => {
    if (!drawing) return;
    const names = new Set(hits.filter((it) => it.dataset.table).map((it) => it.dataset.table));
    for (const it of drawn) it.classList.toggle('hit', names.has(it.dataset.table));
    for (const it of links) {
      it.classList.toggle('hit', names.has(it.dataset.from) || names.has(it.dataset.to));
    }
    picture.classList.toggle('finding', names.size > 0);
    size(names.size);
    const exact = drawn.find((it) => it.dataset.table.toLowerCase() === term);
    const first = exact || drawn.find((it) => it.classList.contains('hit'));
    if (first) middle(first);
  };

  if (drawing) {
    const [width, height] = ['width', 'height'].map((it) => Number(drawing.getAttribute(it)));
    const told = picture.querySelector('output');
    const fitting = () => Math.min(1, (sheet.clientWidth - 2) / width);
    let zoom = 1;
    const set = (to) => {
      const before = zoom;
      zoom = Math.min(3, Math.max(Math.min(0.1, fitting()), to));
      // The middle of what is seen stays there.
      const x = (sheet.scrollLeft + sheet.clientWidth / 2) / before;
      const y = (sheet.scrollTop + sheet.clientHeight / 2) / before;
      drawing.setAttribute('width', String(width * zoom));
      drawing.setAttribute('height', String(height * zoom));
      sheet.scrollLeft = x * zoom - sheet.clientWidth / 2;
      sheet.scrollTop = y * zoom - sheet.clientHeight / 2;
      told.textContent = `${Math.round(zoom * 100)} %`;
    };
    const steps = { in: () => set(zoom * 1.25), out: () => set(zoom / 1.25), fit: () => set(fitting()) };
    for (const it of picture.querySelectorAll('[data-zoom]')) {
      it.addEventListener('click', steps[it.dataset.zoom]);
    }
    const keys = { '+': steps.in, '=': steps.in, '-': steps.out, 0: steps.fit };
    sheet.addEventListener('keydown', (event) => {
      const step = keys[event.key];
      if (!step || event.ctrlKey || event.metaKey || event.altKey) return;
      event.preventDefault();
      step();
    });
    sheet.addEventListener('wheel', (event) => {
      if (!event.ctrlKey && !event.metaKey) return;
      event.preventDefault();
      set(zoom * (event.deltaY < 0 ? 1.1 : 1 / 1.1));
    }, { passive: false });
    // A finger scrolls by itself; a mouse drags.
    let from = null;
    sheet.addEventListener('pointerdown', (event) => {
      if (event.pointerType !== 'mouse' || event.button !== 0) return;
      from = { x: event.clientX + sheet.scrollLeft, y: event.clientY + sheet.scrollTop, id: event.pointerId };
    });
    sheet.addEventListener('pointermove', (event) => {
      if (!from) return;
      const [x, y] = [from.x - event.clientX, from.y - event.clientY];
      if (Math.abs(x - sheet.scrollLeft) + Math.abs(y - sheet.scrollTop) > 4) {
        picture.classList.add('dragged');
        sheet.setPointerCapture(from.id);
      }
      sheet.scrollLeft = x;
      sheet.scrollTop = y;
    });
    const drop = () => {
      from = null;
      picture.classList.remove('dragged');
    };
    sheet.addEventListener('pointerup', drop);
    sheet.addEventListener('pointercancel', drop);
    // The name of a table leads to what the list says of it.
    for (const it of drawn) {
      it.querySelector('.name').addEventListener('click', () => {
        const listed = items.find((item) => item.dataset.table === it.dataset.table);
        if (listed) location.hash = listed.id;
      });
    }
    for (const it of picture.querySelectorAll('.tools, .with-script')) it.hidden = false;
    picture.classList.add('draggable');
    // A map at first; where even that would be too small, a part of it.
    const whole = () => set(fitting() < 0.25 ? 0.5 : fitting());
    let is_near = false;
    size = (count) => {
      const is_wanted = count > 0 && count <= 3;
      if (is_wanted && zoom < 0.8) set(0.8);
      else if (!is_wanted && is_near) whole();
      is_near = is_wanted;
    };
    whole();
    sheet.scrollTo(0, 0);
  }

  const words = { TR: 'migration', DETAILS: 'table' };
  const told = () => {
    const counts = new Map();
    for (const it of hits) {
      const word = words[it.tagName];
      if (word) counts.set(word, (counts.get(word) || 0) + 1);
    }
    const parts = [...counts].map(([word, count]) => `${count} ${word}${count === 1 ? '' : 's'}`);
    return parts.join(', ') || (hits.length ? `${hits.length} found` : 'nothing found');
  };

  const find = (text) => {
    const term = text.trim().toLowerCase();
    for (const it of opened) it.open = false;
    opened.clear();
    hits.length = 0;
    for (const it of items) {
      const is_hit = term !== '' && it.dataset.find.includes(term);
      it.classList.toggle('hit', is_hit);
      // Rows of the history and the steps of the plan stay where they are.
      it.hidden = term !== '' && !is_hit && it.tagName !== 'LI';
      if (is_hit) {
        hits.push(it);
        if (it.tagName !== 'LI') show(it);
      }
    }
    light(term);
    // The only one is what was meant.
    const tables = hits.filter((it) => it.dataset.table);
    if (tables.length === 1 && !tables[0].open) {
      tables[0].open = true;
      opened.add(tables[0]);
    }
    found.textContent = term === '' ? '' : told();
    root.dataset.found = term === '' ? '' : String(hits.length);
  };

  let at = -1;
  field.addEventListener('input', () => {
    at = -1;
    find(field.value);
  });
  field.addEventListener('keydown', (event) => {
    if (event.key === 'Escape') {
      field.value = '';
      find('');
      field.blur();
    } else if (event.key === 'Enter' && hits.length > 0) {
      event.preventDefault();
      at = (at + (event.shiftKey ? hits.length - 1 : 1)) % hits.length;
      const hit = hits[at];
      show(hit);
      hit.scrollIntoView({ block: 'center' });
    }
  });
  document.addEventListener('keydown', (event) => {
    const is_typing = /^(INPUT|TEXTAREA|SELECT)$/.test(event.target.tagName);
    if (event.key === '/' && !is_typing && !event.ctrlKey && !event.metaKey && !event.altKey) {
      event.preventDefault();
      field.focus();
      field.select();
    }
  });

  // A link to something that is closed opens it; #find=word searches.
  const follow = () => {
    const hash = location.hash.slice(1);
    if (hash.startsWith('find=')) {
      let word = hash.slice(5);
      try {
        word = decodeURIComponent(word);
      } catch {
        // Then it is no encoding, and is taken as it stands.
      }
      field.value = word;
      find(word);
      if (hits.length > 0) hits[0].scrollIntoView({ block: 'center' });
      return;
    }
    const target = hash && document.getElementById(hash);
    if (!target) return;
    if (target.hidden) {
      field.value = '';
      find('');
    }
    if (target.tagName === 'DETAILS') target.open = true;
    show(target);
    target.scrollIntoView();
    if (drawn.includes(target)) middle(target);
  };
  addEventListener('hashchange', follow);

  // On paper, nothing can be opened any more.
  let closed = [];
  addEventListener('beforeprint', () => {
    closed = [...document.querySelectorAll('details:not([open])')];
    for (const it of closed) it.open = true;
  });
  addEventListener('afterprint', () => {
    for (const it of closed) it.open = false;
  });

  document.getElementById('search').hidden = false;
  follow();
  root.dataset.ready = 'yes';
})();
