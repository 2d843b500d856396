// Keeps the end of a running answer in view, until the reader scrolls away from it.
const NEAR_PX = 120;

export default function () {
  const main = document.querySelector('[data-testid="stMain"]');
  if (!main) return undefined;
  let isFollowing = true;
  const toEnd = () => {
    if (isFollowing) main.scrollTop = main.scrollHeight;
  };
  const watch = () => {
    isFollowing = main.scrollHeight - main.scrollTop - main.clientHeight < NEAR_PX;
  };
  const observer = new MutationObserver(toEnd);
  observer.observe(main, { childList: true, subtree: true, characterData: true });
  main.addEventListener("wheel", watch, { passive: true });
  main.addEventListener("touchmove", watch, { passive: true });
  main.addEventListener("keyup", watch);
  requestAnimationFrame(toEnd);
  return () => {
    observer.disconnect();
    main.removeEventListener("wheel", watch);
    main.removeEventListener("touchmove", watch);
    main.removeEventListener("keyup", watch);
  };
}
