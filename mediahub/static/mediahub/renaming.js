/* Examples of templates, put into the box by a press. */

const box = document.querySelector("[name=template]");
for (const button of document.querySelectorAll("[data-template]")) {
  button.addEventListener("click", () => {
    box.value = button.dataset.template;
    box.focus();
  });
}
