"""What people see: Streamlit pages that speak to the API through `assistant.client`."""
