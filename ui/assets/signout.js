// Ends the session with a same-origin POST, then leaves with a full navigation.
export default function ({ data, parentElement }) {
  const button = parentElement.querySelector("button");
  button.textContent = data.label;
  button.onclick = async () => {
    button.disabled = true;
    try {
      await fetch("/api/auth/sign-out", { method: "POST", redirect: "manual" });
    } finally {
      window.location.assign("/");
    }
  };
}
