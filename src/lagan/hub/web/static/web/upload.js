// Forms with data-upload announce their package first and send its zip by tus (resumable uploads 1.0.0), with progress;
// a connection that breaks goes on where it was. Without script the form itself carries the zip.
const UPLOADS = "/api/uploads/";
const TUS = { "Tus-Resumable": "1.0.0" };
const TRIES = 10; // in a row without a byte more
const LONGEST = 30; // seconds between two of them
const EVERY = 250; // ms between two looks of the progress
const UNITS = ["B", "kB", "MB", "GB", "TB"];

class Refused extends Error {}

function shown(count) {
  let unit = 0;
  for (; count >= 999.5 && unit < UNITS.length - 1; unit++) count /= 1000;
  const digits = unit === 0 || count >= 99.95 ? 0 : count >= 9.995 ? 1 : 2;
  const value = new Intl.NumberFormat(document.documentElement.lang, { minimumFractionDigits: digits, maximumFractionDigits: digits });
  return `${value.format(count)}\u00a0${UNITS[unit]}`;
}

const filled = (words, values) => words.replace(/\{(\w+)\}/g, (_, name) => values[name]);
const seconds = (count) => new Promise((done) => setTimeout(done, count * 1000));
const encoded = (text) => btoa(String.fromCharCode(...new TextEncoder().encode(text)));
const remembered = (id) => `lagan-upload-${id}`;

async function why(answer) {
  const told = await answer.json().catch(() => ({}));
  return told.detail || `${answer.status} ${answer.statusText}`;
}

function meter(form) {
  const part = form.querySelector("[data-uploading]");
  const bar = part.querySelector("progress");
  const said = part.querySelector("[data-said]");
  const status = document.getElementById("status");
  let before = null;
  let rate = 0;
  let quarter = 0;
  return {
    show(sent, whole) {
      part.hidden = false;
      const now = performance.now();
      if (before && now - before.at < EVERY && sent < whole) return;
      if (before && now > before.at && sent >= before.sent) {
        const latest = ((sent - before.sent) * 1000) / (now - before.at);
        rate = rate ? 0.8 * rate + 0.2 * latest : latest;
      }
      before = { at: now, sent };
      bar.value = whole ? sent / whole : 1;
      const values = { sent: shown(sent), whole: shown(whole), rate: shown(rate) };
      said.textContent = sent < whole ? filled(part.dataset.sending, values) : part.dataset.storing;
      if (whole && Math.floor((4 * sent) / whole) > quarter) {
        quarter = Math.floor((4 * sent) / whole); // screen readers hear each quarter
        status.textContent = said.textContent;
      }
    },
    wait(count) {
      part.hidden = false;
      before = null;
      said.textContent = status.textContent = filled(part.dataset.waiting, { seconds: count });
    },
    hide() {
      part.hidden = true;
    },
  };
}

// The zip from `offset` on in one request, which may break anywhere.
function send(upload, file, offset, told) {
  return new Promise((done, broken) => {
    const request = new XMLHttpRequest();
    request.open("PATCH", upload);
    const headers = { ...TUS, "Upload-Offset": String(offset), "Content-Type": "application/offset+octet-stream" };
    for (const [name, value] of Object.entries(headers)) request.setRequestHeader(name, value);
    request.upload.addEventListener("progress", (event) => told(offset + event.loaded));
    request.addEventListener("load", () => done(request));
    request.addEventListener("error", () => broken(new TypeError("The connection broke.")));
    request.addEventListener("abort", () => broken(new TypeError("The request was broken off.")));
    request.send(file.slice(offset));
  });
}

async function create(id, path, file) {
  const about = `dataset ${encoded(String(id))},path ${encoded(path)},mtime ${encoded(`${file.lastModified}000000`)}`;
  const answer = await fetch(UPLOADS, {
    method: "POST",
    headers: { ...TUS, "Upload-Length": String(file.size), "Upload-Metadata": about },
  });
  if (answer.status === 201) return answer.headers.get("Location");
  if (answer.status < 500) throw new Refused(await why(answer));
  throw new TypeError(answer.statusText);
}

// Where the upload stands; null when it is gone or another file's.
async function standing(upload, file) {
  const answer = await fetch(upload, { method: "HEAD", headers: TUS });
  if (answer.status === 404 || answer.status === 410) return null;
  if (!answer.ok) throw new TypeError(answer.statusText);
  const length = Number(answer.headers.get("Upload-Length"));
  return length === file.size ? Number(answer.headers.get("Upload-Offset")) : null;
}

function problem(request) {
  try {
    return JSON.parse(request.responseText).detail;
  } catch {
    return `${request.status} ${request.statusText}`;
  }
}

const mayPass = (status) => status >= 500 || status === 423 || status === 409 || status === 408;

async function uploaded(id, path, file, look) {
  const key = remembered(id);
  let upload = localStorage.getItem(key);
  let reached = -1;
  for (let tries = 0; ; tries++) {
    try {
      let offset = upload ? await standing(upload, file) : null;
      if (offset === null) {
        upload = await create(id, path, file);
        localStorage.setItem(key, upload);
        offset = 0;
      }
      // What has all its bytes was stored before that was told.
      if (offset === file.size) return localStorage.removeItem(key);
      if (offset > reached) [reached, tries] = [offset, 0];
      look.show(offset, file.size);
      const answer = await send(upload, file, offset, (sent) => look.show(sent, file.size));
      if (answer.status < 300) return localStorage.removeItem(key);
      if (!mayPass(answer.status)) throw new Refused(problem(answer));
      if (tries >= TRIES) throw new Refused(problem(answer));
    } catch (error) {
      if (error instanceof Refused || tries >= TRIES) throw error;
    }
    const pause = Math.min(2 ** tries, LONGEST);
    look.wait(pause);
    await seconds(pause);
  }
}

// The package that the form describes, begun; its zip comes next.
async function begun(form, file) {
  const fields = new FormData(form);
  fields.delete("content");
  fields.set("resumable", file.name);
  const answer = await fetch(form.action, { method: "POST", body: fields, headers: { Accept: "application/json" } });
  if (!answer.ok) throw new Refused(await why(answer));
  return answer.json();
}

async function deposit(form) {
  const file = form.elements.namedItem("content").files[0];
  const look = meter(form);
  const refused = form.querySelector("[data-refused]");
  const leaving = (event) => event.preventDefault();
  refused.hidden = true;
  for (const each of form.elements) each.readOnly = true;
  form.querySelector("button:not([type])").disabled = true;
  addEventListener("beforeunload", leaving);
  try {
    // What was begun once goes on, however often the button is used.
    if (!form.dataset.package) {
      const made = await begun(form, file);
      Object.assign(form.dataset, { package: made.id, path: made.path });
    }
    await uploaded(form.dataset.package, form.dataset.path, file, look);
    removeEventListener("beforeunload", leaving);
    location.assign(`/packages/${form.dataset.package}/`);
  } catch (error) {
    removeEventListener("beforeunload", leaving);
    look.hide();
    refused.querySelector("span").textContent = error.message;
    refused.hidden = false;
    for (const each of form.elements) each.readOnly = false;
    form.querySelector("button:not([type])").disabled = false;
  }
}

export function offerUploads(root) {
  root.addEventListener("submit", (event) => {
    if (!event.target.matches("[data-upload]")) return;
    event.preventDefault();
    deposit(event.target);
  });
}
