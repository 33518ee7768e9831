"""What people type about a machine."""

from apps.core.forms import AuditedForm
from apps.machines.models import Machine
from apps.machines.services.own import LIMITS


class LimitsForm(AuditedForm):
    class Meta:
        model = Machine
        fields = LIMITS
