const PAGE_NOTES = 100;
const RETRY_MS = 5_000;
const list = document.getElementById("notes");
const older = document.getElementById("older");
const text = document.getElementById("text");
const problem = document.getElementById("problem");

/** Why something was not done, for people. */
const REASONS = {
  412: "Somebody has changed this note meanwhile.",
  422: "That cannot be a note.",
  503: "The server has too much to do. Try again.",
  507: "The disk cannot keep it.",
};

const urlOf = (id) => `/api/notes/${id}`;
const itemOf = (id) => document.getElementById(id);

/** An answer that is what was wanted, or 404. */
async function ask(method, url, { note, headers } = {}) {
  const answer = await fetch(url, { method, headers, body: note && JSON.stringify(note) });
  if (answer.ok || answer.status === 404) return answer;
  throw new Error(
    REASONS[answer.status] ?? `The server has answered ${answer.status} ${answer.statusText}.`,
  );
}

/** Does what a person has asked for, and tells what has become of it. */
async function attempt(work) {
  try {
    await work();
    problem.textContent = "";
  } catch (error) {
    problem.textContent = error.message;
  }
}

function button(words, label, act) {
  const made = document.createElement("button");
  made.type = "button";
  made.textContent = words;
  made.setAttribute("aria-label", label);
  made.onclick = () => attempt(act);
  return made;
}

function item(note) {
  const made = document.createElement("li");
  made.id = note.id;
  const words = document.createElement("span");
  words.textContent = note.text;
  made.append(
    words,
    button("Edit", `Edit ${note.text}`, () => edit(made, note.id)),
    button("Delete", `Delete ${note.text}`, () => ask("DELETE", urlOf(note.id))),
  );
  return made;
}

/** The note becomes a field. What is saved replaces the version that was read, and no other. */
async function edit(made, id) {
  const answer = await ask("GET", urlOf(id));
  if (!answer.ok) return;
  const version = answer.headers.get("etag");
  const note = await answer.json();
  const form = document.createElement("form");
  const field = document.createElement("input");
  field.value = note.text;
  field.required = true;
  field.maxLength = text.maxLength;
  field.setAttribute("aria-label", "Text");
  const save = document.createElement("button");
  save.textContent = "Save";
  const leave = () => made.replaceWith(item(note));
  form.append(field, save, button("Cancel", "Cancel", leave));
  form.onsubmit = (event) => {
    event.preventDefault();
    attempt(async () => {
      const words = { note: { text: field.value }, headers: { "if-match": version } };
      const saved = await ask("PUT", urlOf(id), words);
      if (saved.ok) Object.assign(note, await saved.json());
      leave();
    });
  };
  field.onkeydown = (event) => {
    if (event.key === "Escape") leave();
  };
  made.replaceChildren(form);
  field.select();
}

/** Everything from the beginning, or what is older than a note. */
async function show(before) {
  const answer = await ask("GET", before ? `/api/notes?before=${before}` : "/api/notes");
  const notes = await answer.json();
  if (before) list.append(...notes.map(item));
  else list.replaceChildren(...notes.map(item));
  older.hidden = notes.length < PAGE_NOTES;
  list.removeAttribute("aria-busy");
}

/** One note, as it is now. Somebody who is editing it is not disturbed, and told when they save. */
async function refresh(id) {
  const old = itemOf(id);
  if (old?.querySelector("form")) return;
  const answer = await ask("GET", urlOf(id));
  const current = itemOf(id);
  if (!answer.ok) current?.remove();
  else if (current) current.replaceWith(item(await answer.json()));
  else {
    const made = item(await answer.json());
    // The newest are first, and their identifiers are the largest.
    const next = [...list.children].find((one) => one.id < made.id);
    if (next || older.hidden) list.insertBefore(made, next ?? null);
  }
}

document.getElementById("new").onsubmit = (event) => {
  event.preventDefault();
  attempt(async () => {
    await ask("POST", "/api/notes", { note: { text: text.value } });
    text.value = "";
  });
};
older.onclick = () => attempt(() => show(list.lastElementChild.id));

/** Whatever anybody changes, everybody sees. */
function listen() {
  const changes = new EventSource("/api/changes");
  changes.onopen = () => attempt(() => show());
  changes.onerror = () => {
    problem.textContent = "The connection is lost. It is tried again.";
    // Without an answer the browser does so; after one that refuses, it does not.
    if (changes.readyState === EventSource.CLOSED) setTimeout(listen, RETRY_MS);
  };
  changes.addEventListener("missed", () => attempt(() => show()));
  changes.addEventListener("note", ({ data }) => {
    const { id, deleted } = JSON.parse(data);
    if (deleted) itemOf(id)?.remove();
    else attempt(() => refresh(id));
  });
}

listen();
