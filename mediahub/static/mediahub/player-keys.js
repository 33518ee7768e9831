/* The keys: those that the person chose, the arrows of a remote control, and the list of them all. */

const TYPING = "input:not([type=checkbox], [type=range], [type=color], [type=button]), textarea, select, [contenteditable=true]";
const ARROWS = ["ArrowLeft", "ArrowRight", "ArrowUp", "ArrowDown"];

/* What a key is called in the settings: Shift+n, ArrowLeft, ? */
export function nameOf(event) {
  const key = event.key === " " ? "Space" : event.key.length === 1 ? event.key.toLowerCase() : event.key;
  const isSign = key.length === 1 && key.toUpperCase() === key.toLowerCase();
  const held = [event.ctrlKey && "Ctrl", event.altKey && "Alt", event.shiftKey && !isSign && "Shift"];
  return [...held.filter(Boolean), key].join("+");
}

export class Keys {
  constructor({ root, keys, deeds }) {
    this.stage = root.querySelector("media-controller");
    this.help = root.querySelector("[data-help]");
    this.deeds = { ...deeds, help: () => this.showHelp() };
    this.actions = new Map();
    for (const [action, names] of Object.entries(keys)) {
      for (const name of names) {
        if (name === "0-9") for (const digit of "0123456789") this.actions.set(digit, "tenths");
        else this.actions.set(name, action);
      }
    }
    root.querySelector("[data-help-button]").addEventListener("click", () => this.showHelp());
    this.help.addEventListener("click", ({ target }) => target === this.help && this.help.close());
    // before the seek bar itself, which would move as well
    document.addEventListener("keydown", (event) => this.#pressed(event), { capture: true });
  }

  showHelp() {
    this.help.showModal();
  }

  #pressed(event) {
    if (event.metaKey || event.isComposing || event.defaultPrevented) return;
    const target = event.composedPath()[0];
    if (target.matches?.(TYPING)) return;
    const action = this.actions.get(nameOf(event));
    if (this.help.open && action !== "help" && event.key !== "Escape") return;
    if (this.help.open) {
      event.preventDefault();
      this.help.close();
      // where nothing had the focus before, the browser leaves it in what is closed for a moment
      if (this.help.contains(document.activeElement)) this.stage.focus({ preventScroll: true });
      return;
    }
    if (document.querySelector("dialog[open]:not([data-help])")) return;
    if (this.#walk(event)) return;
    // a button that has the focus is pressed by these
    if (["Enter", " "].includes(event.key) && target.closest?.("a, button, summary, [role=button], [type=checkbox]")) return;
    if (!action || !this.deeds[action]) return;
    // what stands there has its own use for the arrows
    if (ARROWS.includes(event.key) && event.target.closest?.("media-volume-range, .mh-mark, .mh-watch-side")) return;
    event.preventDefault();
    event.stopPropagation();
    this.deeds[action](event.key);
    this.#wake();
  }

  /* Remote controls have four arrows: Enter goes to the buttons, arrows from one to the next. */
  #walk(event) {
    const at = event.target;
    const inStage = this.stage.contains(at);
    const isIdle = at === this.stage || (!inStage && !at.closest("a, button, summary, label, [role=button], dialog"));
    if (event.key === "Enter" && isIdle) {
      this.stage.querySelector("media-play-button").focus();
      this.#wake();
      event.preventDefault();
      return true;
    }
    if (!inStage || at === this.stage) return false;
    if (event.key === "Escape" && !document.fullscreenElement) {
      this.stage.focus();
      return true;
    }
    const isButton = at.matches("media-control-bar > *, [data-menu-button], [data-go]") && !at.matches("media-time-range, media-volume-range");
    if (!isButton || !at.matches(":focus-visible") || !["ArrowLeft", "ArrowRight"].includes(event.key)) return false;
    if (event.ctrlKey || event.altKey || event.shiftKey) return false;
    const buttons = [...at.closest("media-control-bar").children].filter((one) => one.checkVisibility() && !one.matches("media-time-display, span"));
    buttons[buttons.indexOf(at) + (event.key === "ArrowLeft" ? -1 : 1)]?.focus();
    this.#wake();
    event.preventDefault();
    event.stopPropagation();
    return true;
  }

  /* The controls show themselves for a while. */
  #wake() {
    this.stage.dispatchEvent(new PointerEvent("pointermove", { bubbles: true, pointerType: "mouse" }));
  }
}
