// Building a page's elements, and changing what is there into what should be there.
// Text is only ever set as text: nothing that comes from the hall is read as HTML.

const SVG = "http://www.w3.org/2000/svg";

/** An element: h("p.small", {id: "x"}, "text", child, null); false and null are left out. */
export function h(what, attributes, ...children) {
  const [tag, ...classes] = what.split(".");
  return dressed(document.createElement(tag || "div"), classes, attributes, children);
}

/** The same for drawings. */
export function svg(tag, attributes, ...children) {
  return dressed(document.createElementNS(SVG, tag), [], attributes, children);
}

function dressed(node, classes, attributes, children) {
  if (classes.length) node.setAttribute("class", classes.join(" "));
  for (const [name, value] of Object.entries(attributes ?? {})) {
    if (value === null || value === undefined || value === false) continue;
    if (name === "class") {
      node.setAttribute("class", [...classes, value].join(" "));
    } else {
      node.setAttribute(name, value === true ? "" : String(value));
    }
  }
  append(node, children);
  return node;
}

function append(node, children) {
  for (const child of children.flat(4)) {
    if (child === null || child === undefined || child === false || child === "") continue;
    node.append(child instanceof Node ? child : String(child));
  }
}

/**
 * Make `place` hold `children`, keeping the elements that are there already.
 *
 * Elements with the same data-key (or the same tag in the same place) stay the same element, so
 * that focus, scrolling and a running entrance survive an update.
 */
export function show(place, ...children) {
  const focused = document.activeElement;
  const wanted = document.createElement("div");
  append(wanted, children);
  changeChildren(place, [...wanted.childNodes]);
  if (focused && focused !== document.activeElement && place.contains(focused)) focused.focus();
}

function changeChildren(node, wanted) {
  const keyed = new Map();
  for (const child of node.childNodes) {
    if (child.dataset?.key !== undefined) keyed.set(child.dataset.key, child);
  }
  let here = node.firstChild;
  for (const next of wanted) {
    const key = next.dataset?.key;
    let same = null;
    if (key !== undefined) {
      same = keyed.get(key) ?? null;
      if (same && same.tagName !== next.tagName) same = null;
    } else if (here && alike(here, next)) {
      same = here;
    }
    if (same === null) {
      node.insertBefore(next, here);
      continue;
    }
    if (same === here) here = here.nextSibling;
    else node.insertBefore(same, here);
    change(same, next);
  }
  while (here) {
    const gone = here;
    here = here.nextSibling;
    gone.remove();
  }
}

function alike(old, next) {
  return (
    old.nodeType === next.nodeType &&
    old.nodeName === next.nodeName &&
    old.dataset?.key === undefined
  );
}

function change(old, next) {
  if (old.nodeType === Node.TEXT_NODE) {
    if (old.data !== next.data) old.data = next.data;
    return;
  }
  for (const { name } of [...old.attributes]) {
    if (!next.hasAttribute(name)) old.removeAttribute(name);
  }
  for (const { name, value } of next.attributes) {
    if (old.getAttribute(name) !== value) old.setAttribute(name, value);
  }
  changeChildren(old, [...next.childNodes]);
}

/** One listener for all that can be pressed: `acts[data-do](data-arg, element)`. */
export function onPress(root, acts) {
  root.addEventListener("click", (event) => {
    const pressed = event.target.closest?.("[data-do]");
    if (!pressed || !root.contains(pressed) || pressed.disabled) return;
    const act = acts[pressed.dataset.do];
    if (!act) return;
    event.preventDefault();
    act(pressed.dataset.arg, pressed);
  });
}
