// What is nicer with script. Every page works without.

const body = () => document.body;

/** Times as the reader's clock shows them. */
function showTimes(root) {
  for (const time of root.querySelectorAll("time[datetime]:not([title])")) {
    const moment = new Date(time.dateTime);
    time.title = time.textContent;
    time.textContent = moment.toLocaleString(undefined, { dateStyle: "medium", timeStyle: "short" });
  }
}

/** Buttons that copy. */
function offerCopies(root) {
  if (!navigator.clipboard) return;
  for (const button of root.querySelectorAll("button[data-copy]")) {
    button.hidden = false;
    button.addEventListener("click", async () => {
      await navigator.clipboard.writeText(document.getElementById(button.dataset.copy).textContent.trim());
      button.textContent = body().dataset.copied ?? "✓";
    });
  }
}

/** Fields that find among boxes to tick. */
function offerFinders(root) {
  for (const finder of root.querySelectorAll("[data-finder]")) finder.hidden = false;
  for (const field of root.querySelectorAll("[data-finds]")) {
    field.addEventListener("keydown", (event) => {
      // it finds, and sends nothing
      if (event.key === "Enter") event.preventDefault();
    });
    field.addEventListener("input", () => {
      const wanted = field.value.trim().toLowerCase();
      for (const tick of document.getElementById(field.dataset.finds).children) {
        tick.hidden = !tick.textContent.toLowerCase().includes(wanted);
      }
    });
  }
}

/** What belongs to one choice of a list is there while it is chosen. */
function followChoices(root) {
  for (const choice of root.querySelectorAll("select[data-shows]")) {
    const part = document.getElementById(`${choice.dataset.shows}-of-${choice.id}`);
    const follow = () => { part.hidden = choice.selectedIndex === 0; };
    choice.addEventListener("change", follow);
    follow();
  }
}

/** Lists that follow while somebody types. */
function searchAsTyped(root) {
  for (const form of root.querySelectorAll("form[data-live]")) {
    let waiting;
    let asked = 0;
    const search = async () => {
      const query = new URLSearchParams(new FormData(form));
      for (const [name, value] of [...query]) if (!value) query.delete(name);
      const address = `${form.getAttribute("action")}?${query}`;
      asked += 1;
      const own = asked;
      try {
        const answer = await fetch(address, { headers: { Accept: "text/html" } });
        const page = new DOMParser().parseFromString(await answer.text(), "text/html");
        const found = page.getElementById(form.dataset.live);
        if (own !== asked) return;
        if (!answer.ok || !found) return form.submit();
        document.getElementById(form.dataset.live).replaceWith(found);
        const follows = form.dataset.follows;
        if (follows) document.getElementById(follows)?.replaceWith(page.getElementById(follows));
        history.replaceState(null, "", address);
        shown = place();
        enhance(found);
      } catch {
        // the button beside it says what is wrong
      }
    };
    form.addEventListener("input", () => {
      clearTimeout(waiting);
      waiting = setTimeout(search, 200);
    });
  }
}

/** A list that grows at its top is asked for again every few seconds, while its first page is looked at. */
function refresh() {
  const list = document.querySelector("[data-refresh]");
  if (!list || document.hidden || location.search.includes("cursor=") || list.contains(document.activeElement)) return;
  fetch(location.href, { headers: { Accept: "text/html" } }).then(async (answer) => {
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const found = page.getElementById(list.id);
    if (!answer.ok || !found || !list.isConnected) return;
    list.replaceWith(found);
    enhance(found);
  }).catch(() => {});
}

/** One box ticks all of a column, and what is done to several is offered while some are ticked. */
function offerBulk(root) {
  for (const all of root.querySelectorAll("input[data-ticks]")) {
    const boxes = () => [...document.querySelectorAll(`input[name="${all.dataset.ticks}"]`)];
    const bar = document.getElementById(all.dataset.bar);
    const follow = () => {
      const ticked = boxes().filter((box) => box.checked).length;
      all.checked = ticked > 0 && ticked === boxes().length;
      all.indeterminate = ticked > 0 && !all.checked;
      bar.hidden = ticked === 0;
      bar.querySelector("[data-count]").textContent = ticked;
    };
    all.hidden = false;
    all.addEventListener("change", () => {
      for (const box of boxes()) box.checked = all.checked;
      follow();
    });
    for (const box of boxes()) box.addEventListener("change", follow);
    follow();
  }
}

/** A form is sent without leaving the page, so that a lost connection loses nothing that was typed. */
async function send(form, button) {
  const data = new FormData(form, button);
  const parts = form.enctype === "multipart/form-data";
  form.querySelector("[data-unreached]")?.remove();
  let answer;
  let text;
  try {
    answer = await fetch(form.action, { method: "POST", body: parts ? data : new URLSearchParams(data) });
    text = await answer.text();
  } catch {
    const told = document.createElement("p");
    told.className = "error";
    told.setAttribute("role", "alert");
    told.dataset.unreached = "";
    told.textContent = body().dataset.unreachable;
    form.append(told);
    return;
  }
  const page = new DOMParser().parseFromString(text, "text/html");
  document.title = page.title;
  body().replaceWith(page.body);
  if (answer.redirected) history.pushState(null, "", answer.url);
  shown = place();
  window.scrollTo(0, 0);
  enhance(document);
  (document.querySelector("[role=alert], [role=status]") ?? document.getElementById("main"))?.focus();
}

/** On a narrow screen the way to this page stands beyond the edge; the page itself does not move. */
function showWhereThisIs(root) {
  for (const way of root.querySelectorAll(".ways [aria-current], .tabs [aria-current]")) {
    const list = way.closest("ul");
    list.scrollLeft = way.parentElement.offsetLeft - list.offsetLeft - (list.clientWidth - way.offsetWidth) / 2;
  }
}

function enhance(root) {
  showWhereThisIs(root);
  showTimes(root);
  offerCopies(root);
  offerFinders(root);
  followChoices(root);
  searchAsTyped(root);
  offerBulk(root);
}

document.addEventListener("submit", (event) => {
  const form = event.target;
  if (form.method !== "post" || !form.closest("main") || form.hasAttribute("data-plain")) return;
  event.preventDefault();
  if (form.dataset.sending) return;
  form.dataset.sending = "yes";
  send(form, event.submitter).finally(() => { delete form.dataset.sending; });
});
document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  const open = event.target.closest?.("details[open]");
  if (!open) return;
  open.open = false;
  open.querySelector("summary").focus();
});
document.addEventListener("click", (event) => {
  for (const menu of document.querySelectorAll("details.menu[open], details.pencil[open]")) {
    if (!menu.contains(event.target)) menu.open = false;
  }
});
// a link within the page, such as the one to its content, moves there and loads nothing
const place = () => location.pathname + location.search;
let shown = place();
window.addEventListener("popstate", () => { if (place() !== shown) location.reload(); });
setInterval(refresh, 5000);
enhance(document);
