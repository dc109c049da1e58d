// A browser for tests: headless Chromium, driven by JSON lines.
//
//     node browser.mjs
//
// Each line on stdin is one command, such as {"goto": "http://127.0.0.1:8080/"}, and gets one line
// on stdout, {"ok": true, "value": …} or {"ok": false, "error": "…"}. When stdin ends, the browser
// closes. CHROMIUM names the executable if it is not /usr/bin/chromium.

import { createRequire } from 'node:module';
import { readFile } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { stripVTControlCharacters } from 'node:util';
import { chromium } from 'playwright-core';

const PATIENCE_MS = 10_000;
const QUIET_MS = 100;
const WCAG_2_2_AA = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa'];

const axe = await readFile(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
  headless: true,
  args: [
    '--no-sandbox',
    '--disable-gpu',
    '--disable-quic',
    '--no-first-run',
    '--disable-background-networking',
    '--disable-component-update',
    '--disable-sync',
  ],
});

const pages = new Map();
let messages = [];
let current = 'default';
let page = await open();

/** A page of its own profile: no cookie or cache is shared with the others. */
async function open(options = {}) {
  const context = await browser.newContext({ ignoreHTTPSErrors: true, ...options });
  context.setDefaultTimeout(PATIENCE_MS);
  const opened = await context.newPage();
  opened.scripted = options.javaScriptEnabled ?? true;
  opened.network = { open: new Set(), changed: 0 };

  const { network } = opened;
  opened.on('request', (request) => {
    network.open.add(request);
    network.changed = Date.now();
  });
  for (const event of ['requestfinished', 'requestfailed']) {
    opened.on(event, (request) => {
      network.open.delete(request);
      network.changed = Date.now();
    });
  }

  opened.on('pageerror', (error) => messages.push({ kind: 'page', text: error.message }));
  opened.on('console', (message) => {
    const text = message.text();
    const violation = text.includes('Content Security Policy');
    if (message.type() !== 'error' && !violation) return;
    messages.push({ kind: violation ? 'csp' : 'console', text, url: message.location().url });
  });

  pages.set(current, opened);
  return opened;
}

/** Waits until the page has loaded and asks nothing more of the network. */
async function settle() {
  const { network } = page;
  network.changed = Date.now();
  const deadline = Date.now() + PATIENCE_MS;
  for (;;) {
    await page.waitForLoadState('load');
    const quiet = network.open.size === 0 && Date.now() - network.changed >= QUIET_MS;
    // a form that the page sends by script is answered once the page shows what came of it
    if (quiet && await page.locator('form[data-sending]').count() === 0) return;
    if (Date.now() > deadline) {
      const waiting = [...network.open].map((request) => request.url());
      throw new Error(`the page is still loading ${waiting.join(', ')}`);
    }
    await sleep(QUIET_MS / 5);
  }
}

/** Does `look` at the page in another width or colour scheme, where the command says so. */
async function dressed({ width, dark }, look) {
  const { width: formerWidth, height } = page.viewportSize();
  await page.setViewportSize({ width: width ?? formerWidth, height });
  await page.emulateMedia({ colorScheme: dark ? 'dark' : 'light' });
  try {
    return await look();
  } finally {
    await page.setViewportSize({ width: formerWidth, height });
    await page.emulateMedia({ colorScheme: null });
  }
}

const COMMANDS = {
  /** Answers the status of the page that the redirects led to. */
  async goto(url) {
    const response = await page.goto(url);
    await settle();
    return response?.status();
  },
  /** `value` is text, the label of an option, or whether a box is ticked. */
  async fill({ label, value }) {
    // A label around a select has the options in its text, which the accessible name leaves out.
    const field = page.getByLabel(label, { exact: true })
      .or(page.getByRole('combobox', { name: label, exact: true }));
    if (typeof value === 'boolean') return field.setChecked(value);
    const select = await field.evaluate((element) => element.localName === 'select');
    if (select) await field.selectOption({ label: value });
    else await field.fill(value);
  },
  async press({ role, name }) {
    await page.getByRole(role, { name, exact: true }).click();
    await settle();
  },
  /** Chooses a file of these bytes, in base64. */
  async upload({ label, name, type, bytes }) {
    const file = { name, mimeType: type, buffer: Buffer.from(bytes, 'base64') };
    await page.getByLabel(label, { exact: true }).setInputFiles(file);
  },
  /** What a link lets one save: its name and its text. */
  async download(name) {
    const begun = page.waitForEvent('download');
    await page.getByRole('link', { name, exact: true }).click();
    const download = await begun;
    return { name: download.suggestedFilename(), text: await readFile(await download.path(), 'utf8') };
  },
  /** What only a selector finds, such as the summary of a menu. */
  async click(selector) {
    await page.locator(selector).click();
    await settle();
  },
  /** A choice of a list that is not alone under its label on the page. */
  async choose({ label, value }) {
    await page.locator(`select[aria-label="${label}"]`).selectOption({ label: value });
  },
  async pick({ selector, value }) {
    await page.locator(selector).selectOption({ label: value });
  },
  /** Sends a form without its page, as somebody who is signed in. Answers the status that the redirects led to. */
  async send({ url, fields }) {
    return page.evaluate(async ([place, pairs]) => {
      const answer = await fetch(place, { method: 'POST', body: new URLSearchParams(pairs) });
      return answer.status;
    }, [url, fields]);
  },
  async key(name) {
    await page.keyboard.press(name);
    await settle();
  },
  async type(text) {
    await page.keyboard.type(text);
  },
  /** How wide a picture is that is drawn; 0 where it could not be. */
  drawn: (selector) => page.locator(selector).evaluate((image) => image.naturalWidth),
  gone: (selector) => page.locator(selector).waitFor({ state: 'detached' }),
  count: (selector) => page.locator(selector).count(),
  named: (selector) => page.locator(selector).getAttribute('aria-label'),
  disabled: (label) => page.getByLabel(label, { exact: true }).isDisabled(),
  text: () => page.locator('body').innerText(),
  value: (label) => page.getByLabel(label, { exact: true }).inputValue(),
  textOf: (selector) => page.locator(selector).innerText(),
  title: () => page.title(),
  url: () => page.url(),
  async screenshot(path, command) {
    await dressed(command, () => page.screenshot({ path, fullPage: true }));
  },
  async axe(_, command) {
    if (!page.scripted) throw new Error('axe needs JavaScript, which is off');
    const { violations } = await dressed(command, async () => {
      // Evaluated by the debugger, which the page's Content Security Policy does not bind.
      await page.evaluate(axe);
      return page.evaluate((runOnly) => window.axe.run({ runOnly }), WCAG_2_2_AA);
    });
    return violations.map(({ id, help, nodes }) => (
      { id, help, nodes: nodes.map(({ html }) => html) }
    ));
  },
  /** Starts the current profile anew, with JavaScript or without. */
  async script(javaScriptEnabled) {
    await page.context().close();
    page = await open({ javaScriptEnabled });
  },
  async context(name) {
    current = name;
    page = pages.get(name) ?? await open();
  },
  cookies: () => page.context().cookies(),
  messages() {
    const said = messages;
    messages = [];
    return said;
  },
  viewport: ([width, height]) => page.setViewportSize({ width, height }),
  /** By how many pixels the page is wider than the window, so that all of it scrolls sideways. */
  overflow: () => page.evaluate(() => {
    const { scrollWidth, clientWidth } = document.documentElement;
    return scrollWidth - clientWidth;
  }),
  /** Role and accessible name as Chromium gives them to a screen reader, or null. */
  async focused() {
    const debug = await page.context().newCDPSession(page);
    const expression = 'document.activeElement';
    const { result: { objectId } } = await debug.send('Runtime.evaluate', { expression });
    const { nodes: [node] } = await debug.send('Accessibility.getPartialAXTree', {
      objectId,
      fetchRelatives: false,
    });
    await debug.detach();
    const focus = node.properties?.some(({ name, value }) => name === 'focused' && value.value);
    return focus ? { role: node.role.value, name: node.name.value } : null;
  },
};

async function run(line) {
  const command = JSON.parse(line);
  const name = Object.keys(COMMANDS).find((known) => Object.hasOwn(command, known));
  if (!name) throw new Error(`no command in ${line}, expected one of: ${Object.keys(COMMANDS)}`);
  return COMMANDS[name](command[name], command);
}

/** For what Playwright sets no limit to, such as a script in a page that hangs. */
async function giveUp() {
  await sleep(3 * PATIENCE_MS, undefined, { ref: false });
  throw new Error(`no result in ${3 * PATIENCE_MS} ms`);
}

for await (const line of createInterface({ input: process.stdin })) {
  let result;
  try {
    result = { ok: true, value: await Promise.race([run(line), giveUp()]) ?? null };
  } catch (error) {
    result = { ok: false, error: stripVTControlCharacters(error.message) };
  }
  process.stdout.write(`${JSON.stringify(result)}\n`);
}
await browser.close();
