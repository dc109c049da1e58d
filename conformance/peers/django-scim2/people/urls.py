"""The package's endpoints, at the path of the base URL."""

from django.urls import include, path

urlpatterns = [path("scim/v2/", include("django_scim.urls"))]
