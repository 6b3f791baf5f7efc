const list = document.getElementById("notes");
const text = document.getElementById("text");

async function ask(method, path, note) {
  const answer = await fetch(path, { method, body: note && JSON.stringify(note) });
  if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status}`);
  return answer.status === 204 ? null : answer.json();
}

function item({ id, text }) {
  const li = document.createElement("li");
  const button = document.createElement("button");
  button.textContent = "×";
  button.onclick = () => ask("DELETE", `/api/notes/${id}`);
  li.append(text, button);
  return li;
}

async function show() {
  list.replaceChildren(...(await ask("GET", "/api/notes")).map(item));
}

document.getElementById("new").onsubmit = async (event) => {
  event.preventDefault();
  await ask("POST", "/api/notes", { text: text.value });
  text.value = "";
};

// Whatever anybody changes, everybody sees.
const changes = new EventSource("/api/changes");
changes.onopen = show;
changes.addEventListener("note", show);
changes.addEventListener("missed", show);
