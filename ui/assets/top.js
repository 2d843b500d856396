// Starts a page at its top, once each time the number that it is given grows.
let last = 0;

export default function ({ data }) {
  if (data.turn === last) return;
  last = data.turn;
  const main = document.querySelector('[data-testid="stMain"]');
  if (main) main.scrollTop = 0;
}
