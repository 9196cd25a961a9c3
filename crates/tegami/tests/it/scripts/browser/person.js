// What a person does with a page: everything is found by the words that are seen, and only what can be seen can be used.
"use strict";
window.person = (() => {
  const squeeze = (text) => text.replace(/\s+/g, " ").trim();
  const seen = (element) => element.checkVisibility({ visibilityProperty: true }) && element.getClientRects().length > 0;
  const label = (field) => {
    const known = field.labels?.[0]?.cloneNode(true);
    known?.querySelectorAll("input, select, textarea").forEach((inner) => inner.remove());
    return squeeze(known?.textContent ?? field.getAttribute("aria-label") ?? "");
  };
  const fields = () => [...document.querySelectorAll("input:not([type=hidden]), select, textarea")].filter(seen);
  const buttons = () => [...document.querySelectorAll("button, a[href], summary")].filter(seen);

  // Of several, the one whose surroundings say least beside what was asked for.
  const nearest = (found, within) => {
    const places = [];
    for (const control of found) {
      for (let around = control.parentElement; around; around = around.parentElement) {
        if (around.matches("li, section, form, main, body") && squeeze(around.textContent).includes(within)) {
          places.push([around.textContent.length, control]);
          break;
        }
      }
    }
    return places.sort((one, other) => one[0] - other[0])[0]?.[1];
  };

  const fill = (within, name, text) => {
    const field = nearest(fields().filter((field) => label(field) === name), within);
    if (!field) throw new Error(`no field "${name}" in "${within}"`);
    field.focus();
    if (field.matches("select")) {
      const option = [...field.options].find((option) => squeeze(option.textContent) === text);
      if (!option) throw new Error(`"${name}" does not offer "${text}"`);
      option.selected = true;
    } else {
      field.value = text;
    }
    field.dispatchEvent(new Event("input", { bubbles: true }));
    field.dispatchEvent(new Event("change", { bubbles: true }));
  };

  const press = (within, name) => {
    const called = buttons().filter((button) => squeeze(button.textContent) === name);
    const loosely = buttons().filter((button) => squeeze(button.textContent).startsWith(name));
    const button = nearest(called, within) ?? nearest(loosely, within);
    if (!button) throw new Error(`nothing is called "${name}" in "${within}"`);
    button.scrollIntoView({ block: "center", behavior: "instant" });
    const { x, y, width, height } = button.getClientRects()[0];
    const hit = document.elementFromPoint(x + width / 2, y + height / 2);
    if (!hit || !(button.contains(hit) || hit.contains(button))) throw new Error(`"${name}" is covered by ${hit?.outerHTML}`);
    if (button.form && !button.form.reportValidity()) throw new Error(`the form of "${name}" is not filled in well`);
    button.click();
  };

  const controls = () => [
    ...fields().map(label),
    ...[...document.querySelectorAll("button, summary")].filter(seen).map((button) => squeeze(button.textContent)),
  ];
  return { fill, press, controls, label, seen, squeeze };
})();
