/* Who chooses another label to keep means to keep that one. */

document.querySelector("[name=another]").addEventListener("change", (event) => {
  if (event.target.value) document.querySelector("[name=keep][value=another]").checked = true;
});
