// The preview of a file state's label while its words and colours are chosen, and a warning when it is hard to read.
const form = document.querySelector("form[data-colours]");
const shown = document.getElementById("shown");

const linear = (part) => (part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4);

function luminance(colour) {
  const [red, green, blue] = [1, 3, 5].map((at) => linear(parseInt(colour.slice(at, at + 2), 16) / 255));
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

// As WCAG 2 defines it, 1 to 21.
function contrast(one, other) {
  const [light, dark] = [luminance(one), luminance(other)].sort((a, b) => b - a);
  return (light + 0.05) / (dark + 0.05);
}

function preview() {
  const { label, background_color: ground, text_color: text } = form.elements;
  shown.textContent = label.value;
  shown.style.backgroundColor = ground.value;
  shown.style.color = text.value;
  const found = contrast(ground.value, text.value);
  document.getElementById("contrast").textContent = found.toFixed(1);
  document.getElementById("too-little").hidden = found >= Number(form.dataset.readable);
}

form.addEventListener("input", preview);
