// What the page's scripts share: elements, and numbers in words.

export const $ = (id) => document.getElementById(id);

export function create(name, properties, ...children) {
  const element = Object.assign(document.createElement(name), properties);
  element.append(...children);
  return element;
}

export function svg(name, attributes, ...children) {
  const element = document.createElementNS("http://www.w3.org/2000/svg", name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  element.append(...children);
  return element;
}

export const plural = (count, noun) => `${count} ${noun}${count === 1 ? "" : "s"}`;

/** Milliseconds as a text; with a decimal where that says something. */
export const ms = (time) => `${time < 100 ? time.toFixed(1) : Math.round(time)} ms`;

export const messageOf = (error) => String(error?.message ?? error);

/** Chooses a value, and adds it where there was no such choice. */
export function choose(select, value) {
  const text = String(value);
  if (![...select.options].some((option) => option.value === text)) select.append(create("option", { value: text }, text));
  select.value = text;
}
