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
    document.dispatchEvent(new CustomEvent('found', { detail: term }));
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
