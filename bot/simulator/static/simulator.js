"use strict";
// The page of phones: sends what people do, and shows what changed. Messages come as HTML that the server escaped.
(() => {
  const EVERY = 700;
  const AWAITING = 150; // while an answer to something just done is on its way
  const meta = (name) => document.querySelector(`meta[name="simulator-${name}"]`).content;
  const token = meta("token");
  let version = Number(meta("version"));
  let timer = 0;
  let awaited = 0;

  const $ = (id) => document.getElementById(id);
  const phoneOf = (element) => element.closest(".phone");
  const alertBox = $("alert");
  const phones = $("phones");
  const still = matchMedia("(prefers-reduced-motion: reduce)");
  const narrow = () => phones.scrollWidth > phones.clientWidth + 4;

  // --- talking to the server ------------------------------------------------------------------------------------
  async function post(path, body) {
    const form = body instanceof FormData;
    const headers = { "X-Baton-Simulator": token, ...(form ? {} : { "Content-Type": "application/json" }) };
    try {
      const answer = await fetch(`/simulator/api/${path}`, { method: "POST", headers, body: form ? body : JSON.stringify(body) });
      const told = await answer.json().catch(() => ({}));
      if (!answer.ok) throw new Error(told.error || `Baton answered ${answer.status}. Please try again.`);
      say("");
      awaited = Date.now() + 3000;
      poll();
      return told;
    } catch (problem) {
      say(problem instanceof TypeError ? "Baton is not running. Start it again, then reload this page." : problem.message);
      return null;
    }
  }

  async function poll() {
    clearTimeout(timer);
    if (document.hidden) return;
    try {
      const answer = await fetch(`/simulator/api/state?after=${version}`);
      if (answer.ok) show(await answer.json());
      document.body.classList.toggle("away", !answer.ok);
    } catch {
      document.body.classList.add("away");
    }
    clearTimeout(timer);
    timer = setTimeout(poll, Date.now() < awaited ? AWAITING : EVERY);
  }

  function say(text) {
    alertBox.textContent = text;
    alertBox.hidden = !text;
    if (text) setTimeout(() => { if (alertBox.textContent === text) alertBox.hidden = true; }, 8000);
  }

  // --- showing --------------------------------------------------------------------------------------------------
  function show(state) {
    if (state.version < version) return;
    version = state.version;
    $("clock-time").textContent = state.clock.time;
    $("clock-day").textContent = state.clock.day;
    $("clock-moved").textContent = state.clock.moved && ` · ${state.clock.moved}`;
    const next = document.querySelector("[data-next]");
    if (next) {
      $("clock-next").textContent = state.clock.next || "none yet";
      next.disabled = !state.clock.next;
    }
    state.bubbles.forEach(place);
  }

  function place(item) {
    const phone = $(item.phone);
    const log = phone.querySelector("[data-log]");
    const holder = document.createElement("template");
    holder.innerHTML = item.html.trim();
    const fresh = holder.content.firstElementChild;
    const old = $(fresh.id);
    const below = log.scrollHeight - log.scrollTop - log.clientHeight < 80;
    if (old) {
      const held = old.contains(document.activeElement);
      if (old.outerHTML !== fresh.outerHTML) old.replaceWith(fresh);
      if (held && !document.contains(document.activeElement)) log.focus({ preventScroll: true });
      if (held && document.activeElement === document.body) log.focus({ preventScroll: true });
    } else {
      const last = log.lastElementChild;
      if (!last || last.dataset.day !== item.day) {
        const day = Object.assign(document.createElement("p"), { className: "day", textContent: item.day });
        day.dataset.day = item.day;
        log.append(day);
      }
      fresh.classList.add("new");
      log.append(fresh);
      phone.querySelector("[data-empty]").hidden = true;
      if (item.author !== "person") count(phone, 1);
    }
    if (below || item.author === "person") log.scrollTop = log.scrollHeight;
  }

  function count(phone, add) {
    const badge = document.querySelector(`[data-tab="${phone.id}"] [data-count]`);
    const seen = !narrow() || phone.getAttribute("data-seen") === "yes";
    const number = add && !seen ? Number(badge.textContent || 0) + add : 0;
    badge.textContent = number || "";
    badge.hidden = !number;
  }

  // --- doing ----------------------------------------------------------------------------------------------------
  const quoteOf = (phone) => Number(phone.dataset.quote || 0);

  function quote(phone, bubble) {
    const line = phone.querySelector("[data-answering]");
    phone.dataset.quote = bubble ? bubble.dataset.bubble : "";
    line.hidden = !bubble;
    const subject = phone.querySelector("[name=subject]");
    if (subject) subject.hidden = Boolean(bubble);
    if (!bubble) return;
    const text = bubble.querySelector(".subject, .text, .file");
    line.querySelector("[data-answering-text]").textContent = text ? text.textContent : "a picture";
    phone.querySelector("textarea").focus();
  }

  async function write(phone, text, subject) {
    return post("message", { phone: phone.id, text, subject, quote: quoteOf(phone) });
  }

  async function submit(form) {
    const phone = phoneOf(form);
    const subject = form.elements.subject;
    const text = form.elements.text;
    if (!text.value.trim()) return text.focus();
    if (await write(phone, text.value, subject ? subject.value : "")) {
      form.reset();
      grow(text);
      quote(phone, null);
    }
  }

  async function attach(phone, what, value) {
    const form = new FormData();
    const text = phone.querySelector("textarea");
    form.append("phone", phone.id);
    form.append("text", text.value);
    form.append("quote", quoteOf(phone));
    form.append(what, value);
    phone.querySelector("[data-attach]").open = false;
    if (await post("file", form)) {
      text.value = "";
      grow(text);
      quote(phone, null);
    }
  }

  function grow(text) {
    text.style.height = "auto";
    text.style.height = `${Math.min(text.scrollHeight, 120)}px`;
  }

  async function press(button) {
    if (button.getAttribute("aria-disabled") === "true") return;
    const bubble = button.closest("[data-bubble]");
    button.closest("dialog")?.close();
    button.classList.add("pressed");
    await post("tap", { phone: phoneOf(bubble).id, bubble: Number(bubble.dataset.bubble), choice: Number(button.dataset.choice) });
    button.classList.remove("pressed");
  }

  const taps = {
    choice: press,
    open: (button) => $(button.dataset.open).showModal(),
    close: (button) => button.closest("dialog").close(),
    reply: (button) => quote(phoneOf(button), button.closest("[data-bubble]")),
    forget: (button) => quote(phoneOf(button), null),
    again: (button) => post("again", { bubble: Number(button.dataset.again) }),
    sample: (button) => attach(phoneOf(button), "sample", button.dataset.sample),
    upload: (button) => button.parentElement.querySelector("[data-file]").click(),
    hours: (button) => post("clock", { hours: Number(button.dataset.hours) }),
    next: () => post("clock", { to: "next" }),
    async start(button) {
      reveal($(button.dataset.phone));
      if (await write($(button.dataset.phone), button.dataset.text, "")) button.classList.add("done");
    },
    tab: (link) => reveal($(link.dataset.tab)),
  };

  function reveal(phone) {
    if (narrow()) phones.scrollTo({ left: phone.offsetLeft - phones.offsetLeft, behavior: still.matches ? "auto" : "smooth" });
    phone.querySelector("[data-log]").focus({ preventScroll: true });
  }

  document.addEventListener("click", (event) => {
    const target = event.target.closest("button, a[data-tab]");
    document.querySelectorAll("[data-attach][open]").forEach((menu) => { if (!menu.contains(event.target)) menu.open = false; });
    if (event.target instanceof HTMLDialogElement) return event.target.close();
    const name = target && Object.keys(taps).find((key) => key in target.dataset);
    if (!name) return;
    event.preventDefault();
    taps[name](target);
  });
  document.addEventListener("submit", (event) => { event.preventDefault(); submit(event.target); });
  document.addEventListener("change", (event) => {
    if (!event.target.matches("[data-file]") || !event.target.files.length) return;
    attach(phoneOf(event.target), "file", event.target.files[0]);
    event.target.value = "";
  });
  document.addEventListener("input", (event) => { if (event.target.matches("textarea")) grow(event.target); });
  document.addEventListener("keydown", (event) => {
    const { target, key } = event;
    if (key === "Enter" && !event.shiftKey && !event.isComposing && target.matches(".phone:not(.email) textarea")) {
      event.preventDefault();
      submit(target.form);
    }
    if (key === "Escape") {
      const menu = target.closest("[data-attach][open]");
      if (menu) { menu.open = false; menu.querySelector("summary").focus(); } else if (phoneOf(target)) quote(phoneOf(target), null);
    }
  });
  document.addEventListener("visibilitychange", poll);

  // --- which phone is in view on a small screen -----------------------------------------------------------------
  const watch = new IntersectionObserver((entries) => entries.forEach(({ target, intersectionRatio }) => {
    const seen = intersectionRatio > 0.6;
    target.dataset.seen = seen ? "yes" : "";
    const tab = document.querySelector(`[data-tab="${target.id}"]`);
    if (seen) { tab.setAttribute("aria-current", "true"); count(target, 0); } else tab.removeAttribute("aria-current");
  }), { root: phones, threshold: [0, 0.6, 1] });
  document.querySelectorAll(".phone").forEach((phone) => watch.observe(phone));
  document.querySelectorAll("[data-log]").forEach((log) => { log.scrollTop = log.scrollHeight; });
  poll();
})();
