// What nobody may have to put up with: pages that are wider than the window, text that is hard to read or in another language, controls
// without a name, things too small to hit.
"use strict";
window.audit = () => {
  const { seen, squeeze, label } = window.person;
  const wrong = [];
  const named = (element) => `${element.localName}.${element.getAttribute("class") ?? ""} "${squeeze(element.textContent).slice(0, 60)}"`;

  // The page scrolls down and never sideways.
  const width = document.documentElement.clientWidth;
  if (document.documentElement.scrollWidth > width) {
    const wide = [...document.querySelectorAll("main *")].filter((one) => one.getBoundingClientRect().right > width + 1);
    wrong.push(`wider than the window (${document.documentElement.scrollWidth} > ${width}): ${wide.slice(0, 4).map(named)}`);
  }

  // WCAG 2.2, 1.4.3 and 1.4.11.
  const context = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
  const rgba = (color) => {
    context.clearRect(0, 0, 1, 1);
    context.fillStyle = color;
    context.fillRect(0, 0, 1, 1);
    const [red, green, blue, alpha] = context.getImageData(0, 0, 1, 1).data;
    return [red, green, blue, alpha / 255];
  };
  const over = (upper, lower) => upper.slice(0, 3).map((value, at) => value * upper[3] + lower[at] * (1 - upper[3])).concat(1);
  const ground = (element) => {
    const layers = [];
    for (let one = element; one; one = one.parentElement) layers.push(rgba(getComputedStyle(one).backgroundColor));
    const canvas = matchMedia("(prefers-color-scheme: dark)").matches ? [18, 18, 18, 1] : [255, 255, 255, 1];
    return layers.reverse().reduce((below, layer) => over(layer, below), canvas);
  };
  const light = (color) => {
    const [red, green, blue] = color.slice(0, 3).map((value) => value / 255).map((value) => (value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4));
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
  };
  const ratio = (one, other) => {
    const [dark, bright] = [light(one), light(other)].sort((a, b) => a - b);
    return (bright + 0.05) / (dark + 0.05);
  };
  const opacity = (element) => {
    let product = 1;
    for (let one = element; one; one = one.parentElement) product *= Number(getComputedStyle(one).opacity);
    return product;
  };
  const check = (element, color, least, what) => {
    const below = ground(element);
    const [red, green, blue, alpha] = rgba(color);
    const found = ratio(over([red, green, blue, alpha * opacity(element)], below), below);
    if (found < least) wrong.push(`${what}: contrast ${found.toFixed(2)} < ${least}: ${named(element)}`);
  };
  const hidden = (element) => element.closest(".hidden, .skip, script, style, option, [disabled]");
  const texts = [];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let node = walker.nextNode(); node; node = walker.nextNode()) {
    const element = node.parentElement;
    if (squeeze(node.data) && seen(element)) texts.push([squeeze(node.data), element]);
  }
  for (const [, element] of texts.filter(([, element]) => !hidden(element))) {
    const style = getComputedStyle(element);
    const size = Number.parseFloat(style.fontSize);
    const large = size >= 24 || (size >= 18.66 && Number(style.fontWeight) >= 700);
    check(element, element.closest("svg") ? style.fill : style.color, large ? 3 : 4.5, "text");
  }
  for (const field of [...document.querySelectorAll("input:not([type=hidden]), select, textarea")].filter(seen)) {
    check(field, getComputedStyle(field).color, 4.5, "field");
    if (field.placeholder) check(field, getComputedStyle(field, "::placeholder").color, 4.5, "placeholder");
    if (!field.matches("[type=checkbox], [type=radio]")) check(field.parentElement, getComputedStyle(field).borderColor, 3, "edge of field");
    if (!label(field)) wrong.push(`a field without a label: ${field.outerHTML}`);
    if (field.matches("textarea, input") && field.placeholder && !field.value && field.scrollWidth > field.clientWidth) wrong.push(`the placeholder is cut: ${field.placeholder}`);
  }
  for (const mark of [...document.querySelectorAll("svg rect.good, svg rect.wait, svg rect.bad")].filter(seen)) {
    check(mark.closest("svg").parentElement, getComputedStyle(mark).fill, 3, "chart");
  }

  const nav = document.querySelector("header nav");
  if (nav && width > 1000 && nav.scrollWidth > nav.clientWidth) wrong.push(`the navigation has no room (${nav.scrollWidth} > ${nav.clientWidth})`);

  // Names, headings, identifiers, sizes.
  for (const button of [...document.querySelectorAll("button, a[href], summary")].filter(seen)) {
    if (!squeeze(button.textContent) && !button.getAttribute("aria-label")) wrong.push(`nothing says what this does: ${button.outerHTML}`);
    const inline = button.matches("a") && button.parentElement.matches("p, li, td, dd, span, bdi, strong, h3, h4");
    const { height } = button.getBoundingClientRect();
    if (!inline && !hidden(button) && height > 1 && height < 24) wrong.push(`too small to hit (${height}): ${named(button)}`);
  }
  for (const picture of document.querySelectorAll("svg[role=img], iframe")) {
    if (!picture.getAttribute("aria-label") && !picture.title) wrong.push(`a picture without a name: ${picture.outerHTML.slice(0, 80)}`);
  }
  const heads = [...document.querySelectorAll("h1, h2, h3, h4")].filter(seen).map((head) => Number(head.localName[1]));
  if (heads.filter((level) => level === 1).length !== 1) wrong.push(`headings of level 1: ${heads}`);
  heads.reduce((before, level) => {
    if (level > before + 1) wrong.push(`a heading of level ${level} after one of level ${before}`);
    return level;
  }, 0);
  const ids = [...document.querySelectorAll("[id]")].map((one) => one.id);
  const twice = ids.filter((id, at) => ids.indexOf(id) !== at);
  if (twice.length) wrong.push(`identifiers given twice: ${twice}`);
  const clipped = [...document.querySelectorAll("button, summary, .badge, h1, h2, nav a, dt")].filter(seen).filter((one) => !hidden(one) && one.scrollWidth > one.clientWidth + 1 && getComputedStyle(one).overflow !== "visible" && one.clientWidth > 0);
  if (clipped.length) wrong.push(`cut off: ${clipped.map(named)}`);

  // Words of another language: what stands in `bdi`, `code` and `time` is data, and so are names of hosts and addresses.
  if (document.documentElement.lang === "ja") {
    const foreign = /[A-Za-z]{3,}/g;
    const names = /^(Tegami|DNS|DKIM|SPF|DMARC|ARC|TLS|SMTP|HTTP|HTTPS|API|URL|HTML|JSON|UTC|CSV|SHA|Message|Authentication|Results|TXT|PTR|MX|RSA|HMAC|CNAME|INBOX|Subject|To|Reply|section|operator|KiB|MiB|MAIL|FROM|RCPT|VRFY|EHLO|RFC|Ed25519|Webhook|ARF|TLSv1|DSN|MIME|read|ID|AAAA|MTA|STS|RPT|TLSA|DNSSEC|HELO|STARTTLS|ESMTPSA?|NODATA|Signature|Date|multipart|alternative|mechanism|all|include|exists|pass|fail|none|Gmail|Yahoo|iCloud|Outlook|Postfix|Route|Terraform|nsupdate)$/i;
    const judge = (text, element, where) => {
      const quoted = /`[^`]*`|https?:\/\/[\w.\/-]+|\w+_\w+ = \w+/g;
      const words = (text.replace(quoted, "").replace(/[\w.+-]+[@.][\w.-]+/g, "").match(foreign) ?? []).filter((word) => !names.test(word));
      if (words.length) wrong.push(`not in Japanese (${where}): "${text.slice(0, 80)}" ${words} in ${element.localName}`);
    };
    const data = (element) => element.closest("bdi, code, pre, time, textarea, [lang=en], button .hidden, a .hidden, summary .hidden, option[value='']:empty");
    for (const [text, element] of texts) if (!data(element)) judge(text, element, "text");
    for (const one of document.querySelectorAll("[aria-label], [title], abbr")) {
      if (data(one)) continue;
      for (const name of ["aria-label", "title"]) if (one.hasAttribute(name)) judge(one.getAttribute(name), one, name);
    }
    const head = document.querySelector("h1 bdi")?.textContent ?? "";
    judge(document.title.replace(/ · Tegami$/, "").replace(head, ""), document.documentElement, "title");
  }
  return wrong;
};
