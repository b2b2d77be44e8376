// Parts with data-live hear by server-sent events that they changed, and ask for themselves again (htmx, "changed").
// One stream an address; a hidden page has none, and looks again when it is shown.
const PATIENCE = 6000; // ms without a stream until the page says so
const streams = new Map();

const parts = (address) => document.querySelectorAll(`[data-live="${CSS.escape(address)}"]`);
const notice = () => document.getElementById("live-lost");

// `mark` is of what the hub has now; a part that shows that already (data-mark) need not ask.
function ring(address, mark) {
  for (const part of parts(address)) if (!mark || part.dataset.mark !== mark) part.dispatchEvent(new CustomEvent("changed"));
}

function lost(is) {
  const said = notice();
  if (said) said.hidden = !is;
}

function open(address) {
  const source = new EventSource(address);
  const stream = { source, timer: setTimeout(() => lost(true), PATIENCE) };
  source.addEventListener("here", (event) => {
    clearTimeout(stream.timer);
    stream.timer = 0;
    lost(false);
    stream.mark = event.data;
    ring(address, event.data); // something may have changed while there was no stream
  });
  source.addEventListener("changed", (event) => {
    stream.mark = event.data;
    ring(address, event.data);
  });
  source.addEventListener("error", () => {
    if (source.readyState === EventSource.CLOSED) lost(true); // refused: it will not come back by itself
    else stream.timer ||= setTimeout(() => lost(true), PATIENCE);
  });
  streams.set(address, stream);
}

function close(address) {
  const stream = streams.get(address);
  clearTimeout(stream.timer);
  stream.source.close();
  streams.delete(address);
}

function follow() {
  const wanted = new Set();
  if (!document.hidden) for (const part of document.querySelectorAll("[data-live]")) wanted.add(part.dataset.live);
  for (const address of [...streams.keys()]) if (!wanted.has(address)) close(address);
  for (const address of wanted) if (!streams.has(address)) open(address);
}

// What rang while a part was being fetched was not heard by that part: once a mark, it is rung again.
function catchUp() {
  follow();
  for (const [address, stream] of streams) {
    if (!stream.mark || stream.mark === stream.caught) continue;
    stream.caught = stream.mark;
    ring(address, stream.mark);
  }
}

export function goLive() {
  follow();
  document.addEventListener("htmx:afterSettle", catchUp);
  document.addEventListener("visibilitychange", follow);
  addEventListener("pagehide", () => [...streams.keys()].forEach(close));
  addEventListener("pageshow", (event) => event.persisted && follow());
}
